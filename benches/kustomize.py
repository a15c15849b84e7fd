#!/usr/bin/env python3
"""Renders the deployments of a bundle with kfctl-cn, kustomize 5.8.2 and kustomize 3.2.0, in turn, and prints a table.

    benches/kustomize.py BUNDLE KFCTL_CN [--runs N]

BUNDLE is the folder of `kfctl-cn bundle path`, KFCTL_CN a release build. The peers are built with Go into the cache folder
unless KUSTOMIZE_5 and KUSTOMIZE_3 name them. Figures are of whole processes: minimum / median / maximum of N runs.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import time

DEPLOYMENTS = ["vanilla", "cognito", "add-ons/load-balancer", "cognito-rds-s3", "rds-s3", "rds-s3/base", "rds-s3/s3-only", "rds-s3/rds-only"]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "kfctl-cn/bench"


def go(arguments, folder, **more):
    subprocess.run(["go", *arguments], cwd=folder, env={**os.environ, **more}, check=True)


def kustomize_5():
    if named := os.environ.get("KUSTOMIZE_5"):
        return named
    folder = CACHE / "5.8.2"
    if not (folder / "kustomize").exists():
        folder.mkdir(parents=True, exist_ok=True)
        go(["install", "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2"], folder, GOBIN=str(folder))
    return str(folder / "kustomize")


def kustomize_3():
    if named := os.environ.get("KUSTOMIZE_3"):
        return named
    folder = CACHE / "3.2.0"
    if not (folder / "kustomize").exists():
        # `go install` wants the newest release of the module, too, which a proxy may not have: hence a module of our own.
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "go.mod").write_text("module peer\n\ngo 1.21\n\nrequire sigs.k8s.io/kustomize/v3 v3.2.0\n")
        go(["build", "-mod=mod", "-o", "kustomize", "sigs.k8s.io/kustomize/v3/cmd/kustomize"], folder)
    return str(folder / "kustomize")


def run(command):
    """Seconds by the clock, seconds of CPU, MiB at most."""
    begun = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {child.returncode}")
    return time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def spread(figures, digits):
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    return f"{low:.{digits}f} / {middle:.{digits}f} / {high:.{digits}f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=pathlib.Path)
    parser.add_argument("kfctl_cn")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    programs = {
        "kfctl-cn": [arguments.kfctl_cn, "kustomize", "build"],
        "kustomize 5.8.2": [kustomize_5(), "build"],
        "kustomize 3.2.0": [kustomize_3(), "build"],
    }
    print("| deployment | program | wall, s | CPU, s | peak memory, MiB | CPU, as multiple of ours |")
    print("|---|---|---|---|---|---|")
    for deployment in DEPLOYMENTS:
        folder = str(arguments.bundle / "kubeflow-1.5.1-aws-b1.0.2/deployments" / deployment)
        results = {name: [] for name in programs}
        for _ in range(arguments.runs):
            for name, command in programs.items():
                results[name].append(run([*command, folder]))
        ours = statistics.median(cpu for _, cpu, _ in results["kfctl-cn"])
        for name, figures in results.items():
            wall, cpu, memory = zip(*figures)
            ratio = statistics.median(cpu) / ours
            print(f"| {deployment} | {name} | {spread(wall, 2)} | {spread(cpu, 2)} | {spread(memory, 0)} | {ratio:.1f} |", flush=True)


if __name__ == "__main__":
    main()
