"""The image webhook: the program itself serves it, with the flags and the mapping that its pods would have.

Which program that is says the link `program` in the folder of the environment. Without one the webhook is answered like all
others: allowed, unchanged.
"""

from __future__ import annotations

import ctypes
import signal
import subprocess
from pathlib import Path

from .kube import Kube

SERVICE = ("kfctl-cn-system", "image-webhook")
"""Namespace and name of its Service; its ConfigMap has the same."""

_libc = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Program:
    """A running webhook; ends with the stand-ins."""

    def __init__(self, program: Path, kube: Kube, address: tuple[str, int], scratch: Path, certificate: bytes, key: bytes):
        namespace, name = SERVICE
        mapping = kube.call(f"/api/v1/namespaces/{namespace}/configmaps/{name}")["data"]["mapping.yaml"]
        files = {"tls-cert": certificate, "tls-key": key, "mapping": mapping.encode()}
        command = [str(program), "webhook", f"--listen={address[0]}:{address[1]}"]
        for flag, content in files.items():
            path = scratch / f"{name}.{flag}"
            path.write_bytes(content)
            command.append(f"--{flag}={path}")
        with (scratch / f"{name}.log").open("a") as log:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=self.last)

    @staticmethod
    def last() -> None:
        """Ends with whoever started it."""
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def shutdown(self) -> None:
        """Ends it."""
        self.popen.kill()

    def server_close(self) -> None:
        """Waits until it is gone."""
        self.popen.wait()
