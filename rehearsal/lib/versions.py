"""Control planes of other versions of Kubernetes, from the same sources as the rehearsal's own.

The rehearsal's go.mod is for one version. For another one, Kubernetes' own go.mod says which versions of all modules belong
together; its staging modules, there folders of its repository, are published as v0.MINOR.PATCH.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from . import build

RELEASES = {"1.34": "1.34.4", "1.35": build.KUBERNETES, "1.36": "1.36.3"}
"""The release that stands for each version of EKS that can be built so. go.mod of older ones is not enough by itself."""


def answer(*command: str, cwd: Path) -> Any:
    """What a command of go says in JSON."""
    done = subprocess.run([build.go(), *command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise build.Missing(f"go {' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def go_mod(release: str, folder: Path) -> str:
    """The go.mod of a control plane of a release."""
    module = answer("mod", "download", "-json", f"k8s.io/kubernetes@v{release}", cwd=folder)
    theirs = answer("mod", "edit", "-json", module["GoMod"], cwd=folder)
    staging = "v0." + release.split(".", 1)[1]
    etcd = "go.etcd.io/etcd/server/v3"
    needed = {
        etcd: next(item["Version"] for item in theirs["Require"] if item["Path"] == etcd),
        "k8s.io/component-base": staging,
        "k8s.io/kubernetes": f"v{release}",
    }
    lines = ["module controlplane", f"go {theirs['Go']}"]
    lines += [f"require {path} {version}" for path, version in needed.items()]
    for item in theirs["Replace"]:
        if item["New"]["Path"].startswith("./staging/"):
            lines.append(f"replace {item['Old']['Path']} => {item['Old']['Path']} {staging}")
    return "\n".join(lines) + "\n"


def make(release: str, target: Path) -> None:
    """Builds a control plane of a release."""
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch)
        for source in build.plane_sources(".go"):
            shutil.copy(source, folder)
        (folder / "go.mod").write_text(go_mod(release, folder))
        # Fills in what the three need, and go.sum.
        build.run(build.go(), "list", "-mod=mod", "-deps", ".", cwd=folder)
        build.link_plane(folder, release, target)


def plane(version: str) -> Path:
    """The control plane of a version of EKS, built if it isn't in the cache. The rehearsal's own version is its own plane."""
    release = RELEASES[version]
    if release == build.KUBERNETES:
        return build.build().plane
    path = build.cache() / f"controlplane-{release}-{build.digest(build.plane_sources('.go'), release)}"
    with (build.cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            print(f"rehearsal: building the control plane of {release} (once) …", file=sys.stderr, flush=True)
            start, scratch = time.monotonic(), path.with_name(path.name + ".new")
            make(release, scratch)
            scratch.rename(path)
            print(f"rehearsal: built it in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return path
