"""Processes that end with the one that started them, whatever happens to it."""

from __future__ import annotations

import ctypes
import os
import signal
import random
import socket
import subprocess
import time
from pathlib import Path

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """One part of an environment, with a log file."""

    def __init__(self, name: str, command: list[str], folder: Path, cwd: Path | None = None, **environment: str):
        self.name, self.log = name, folder / f"{name}.log"
        with self.log.open("a") as log:
            self.popen = subprocess.Popen(
                command, cwd=cwd or folder, env=os.environ | environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, preexec_fn=_die_with_parent,
            )  # fmt: skip

    def running(self) -> bool:
        """Whether it still runs."""
        return self.popen.poll() is None

    def end(self) -> None:
        """Ends it: SIGTERM, and SIGKILL if it doesn't listen."""
        if self.running():
            self.popen.terminate()
            try:
                self.popen.wait(10)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-2000:]


def ports(count: int) -> list[int]:
    """Free ports of 127.0.0.1, all different. Below those that the kernel gives to outgoing connections: such a connection could
    take the port of a server while that is started anew."""
    found: list[int] = []
    for port in random.sample(range(15000, 32000), 2000):
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports between 15000 and 32000")


def alive(pid: int) -> bool:
    """Whether a process with this id runs (a zombie doesn't)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: object, seconds: float, what: str, parts: list[Process]) -> None:
    """Waits until `condition()` holds; fails when time is up or a part ended."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        for part in parts:
            if not part.running():
                raise RuntimeError(f"{part.name} ended: {part.tail()}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: not ready after {seconds:.0f} s")
        time.sleep(0.05)
