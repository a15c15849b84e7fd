"""What the command line of `python -m china` said. Filled in once, before anything else is imported."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = "123456789012"
"""The only account there is: moto's own default."""

CALLER = f"arn:aws-cn:iam::{ACCOUNT}:user/rehearsal"
"""Who calls with the access key of the rehearsal."""

REGIONS = ("cn-north-1", "cn-northwest-1")


@dataclass
class Settings:
    """Addresses and delays."""

    port: int = 0
    access_key: str = "AKIAREHEARSALCHINA01"
    """The access key id of the rehearsal's user."""
    foreign_access_key: str = "AKIAREHEARSALGLOBAL1"
    """An access key id of partition `aws`: GetCallerIdentity says so."""
    slow: float = 0.0
    """Seconds that a cluster, node group, add-on, NAT gateway or database takes to be made or to go."""
    api_server: str = ""
    """URL of the real API server, which DescribeCluster answers with."""
    api_ca: Path | None = None
    """PEM file of that server's CA."""
    plane: Path | None = None
    """Folder of the control plane: see `eks.cluster_gone`."""
    database_socket: str = ""
    """Socket of the MariaDB server that stands in for RDS; empty: there is none."""
    log: Path | None = None
    """Where each call is written, a JSON line each."""


settings = Settings()


def parse(arguments: list[str]) -> None:
    """Fills `settings` from a command line."""
    parser = argparse.ArgumentParser(prog="china", description=__doc__)
    for name, value in vars(Settings()).items():
        kind = Path if name in ("api_ca", "plane", "log") else type(value)
        parser.add_argument("--" + name.replace("_", "-"), type=kind, default=value)
    vars(settings).update(vars(parser.parse_args(arguments)))
