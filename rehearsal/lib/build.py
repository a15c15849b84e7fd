"""Builds what the rehearsal runs, once: everything lies in the cache under a name that depends on its content.

Nothing is downloaded but Go modules and Python packages, through `go` and `pip` as the machine has them set up.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent

KUBERNETES = "1.35.4"
"""The version of the control plane: what go.mod has, and what the server says it is."""

KWOK = "v0.8.0"
"""The version of kwok. It is built by itself, since it wants other versions of Kubernetes' modules."""


class Missing(Exception):
    """Something that the machine lacks; the text says what to do."""


@dataclass
class Tools:
    """Paths of what was built."""

    plane: Path
    kwok: Path
    python: Path


def cache() -> Path:
    """The program's own cache folder: KFCTL_CN_CACHE, or kfctl-cn in XDG_CACHE_HOME or ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(os.environ.get("KFCTL_CN_CACHE") or Path(base) / "kfctl-cn") / "rehearsal"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(paths: list[Path], *more: str) -> str:
    """A short digest of files and words."""
    total = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        total.update(path.name.encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> None:
    """Runs a command; its output is shown only if it fails."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=os.environ | environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        raise Missing(f"{' '.join(map(str, command[:4]))} … failed:\n{done.stdout[-4000:]}")


def go() -> str:
    """The go command."""
    found = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if not found:
        raise Missing("Go is not installed. hint: install Go 1.25 or newer (https://go.dev/dl/) and put it on PATH")
    return found


def build_plane(target: Path) -> None:
    """The control plane of the rehearsal."""
    link_plane(HERE / "controlplane", KUBERNETES, target)


def link_plane(sources: Path, version: str, target: Path) -> None:
    """A control plane that says it is `version`. -trimpath, so that the result doesn't depend on where the sources lie."""
    major, minor, _ = version.split(".")
    values = {"gitVersion": "v" + version, "gitMajor": major, "gitMinor": minor}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    stamps = [f"-X {package}.{name}={value}" for package in packages for name, value in values.items()]
    run(go(), "build", "-trimpath", "-ldflags=" + " ".join(["-s -w", *stamps]), "-o", target, ".", cwd=sources)


def build_kwok(target: Path) -> None:
    """kwok."""
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        run(go(), "install", f"sigs.k8s.io/kwok/cmd/kwok@{KWOK}", cwd=Path(folder), GOBIN=folder)
        (Path(folder) / "kwok").rename(target)


def build_python(target: Path) -> None:
    """The virtual environment with moto. Made in place: such folders can't be moved."""
    shutil.rmtree(target, ignore_errors=True)
    try:
        run(sys.executable, "-m", "venv", target)
        run(target / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "aws" / "requirements.txt")
    except Missing as error:
        shutil.rmtree(target, ignore_errors=True)
        raise Missing(f"{error}\nhint: Python 3.10 or newer with venv and pip is needed (Debian: apt install python3-venv)") from None


def plane_sources(*suffixes: str) -> list[Path]:
    """The control plane's own files with one of these endings."""
    return [path for path in (HERE / "controlplane").iterdir() if path.suffix in suffixes]


def plane_name() -> str:
    """The file name of the control plane in the cache."""
    return f"controlplane-{digest(plane_sources('.go', '.mod', '.sum'), KUBERNETES)}"


def build() -> Tools:
    """Builds what isn't in the cache yet, and says how long each took."""
    wanted = {
        "control plane": (plane_name(), build_plane),
        "kwok": (f"kwok-{KWOK}", build_kwok),
        "python": (f"python-{digest([HERE / 'aws' / 'requirements.txt'], sys.version)}", build_python),
    }
    paths = []
    with (cache() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for what, (name, make) in wanted.items():
            path = cache() / name
            done = path / "done" if make is build_python else path
            if not done.exists():
                print(f"rehearsal: building {what} (once) …", file=sys.stderr, flush=True)
                start, scratch = time.monotonic(), path.with_name(name + ".new")
                make(path if make is build_python else scratch)
                done.touch() if make is build_python else scratch.rename(path)
                print(f"rehearsal: built {what} in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
            paths.append(path)
    return Tools(paths[0], paths[1], paths[2] / "bin" / "python")
