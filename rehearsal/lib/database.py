"""A MariaDB server that stands in for RDS MySQL, where the machine has one: own CA, own folder, loopback."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from pathlib import Path

from .processes import Process, wait_for

NAMES = ["localhost", "127.0.0.1", *(f"*.crehearsal01.rds.{region}.amazonaws.com.cn" for region in ("cn-north-1", "cn-northwest-1"))]
"""What the server's certificate names: `china.rds` builds hosts that the last two match."""


def server() -> str | None:
    """The MariaDB server, if it is installed."""
    return shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin")


def start(folder: Path, port: int, authority: object) -> Process:
    """Makes an empty server in a folder and starts it; its socket is `socket` there."""
    folder.mkdir(mode=0o700)
    certificate, key = authority.issue(NAMES, "rehearsal-rds")  # type: ignore[attr-defined]
    (folder / "server.pem").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    user = [f"--user={getpass.getuser()}"] if os.geteuid() == 0 else []
    # A server that starts removes temporary tables from the folder for them: each has its own, or they take each other's.
    scratch = folder / "scratch"
    scratch.mkdir()
    install = shutil.which("mariadb-install-db") or "mariadb-install-db"
    made = subprocess.run(
        [install, "--no-defaults", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal",
         "--skip-test-db", "--innodb-log-file-size=8M", *user],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env=os.environ | {"TMPDIR": str(scratch)},
    )  # fmt: skip
    if made.returncode:
        raise RuntimeError(f"mariadb-install-db failed: {made.stdout[-2000:]}")
    process = Process(
        "mariadb",
        [server() or "mariadbd", "--no-defaults", f"--datadir={folder / 'data'}", f"--socket={folder / 'socket'}",
         f"--port={port}", "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
         "--innodb-log-file-size=8M", f"--pid-file={folder / 'pid'}",
         f"--ssl-cert={folder / 'server.pem'}", f"--ssl-key={folder / 'server.key'}", *user],
        folder, TMPDIR=str(scratch),
    )  # fmt: skip
    wait_for(lambda: answers(port), 60, "MariaDB", [process])
    return process


def answers(port: int) -> bool:
    """Whether something listens on a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
