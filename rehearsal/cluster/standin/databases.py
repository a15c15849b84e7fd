"""Stands in for the parts of Kubeflow that make databases and tables when they start.

Which ones is read from the table that `verify` looks by, so what it shows is what becomes of them, not their names. A table has no
more than one column. As a part does, it makes what is missing when a pod of it starts, and not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymysql
import yaml

from .kube import Stores

TABLE = Path(__file__).resolve().parents[3] / "manifests" / "policies" / "databases.yaml"


class Databases:
    """Makes tables for pods that have started."""

    def __init__(self, stores: Stores, socket: str):
        self.stores, self.socket = stores, socket
        self.rows = yaml.safe_load(TABLE.read_text())
        self.started: set[str] = set()

    def reconcile(self) -> None:
        """Looks for pods that weren't there before."""
        if not self.socket:
            return
        for pod in self.stores["/api/v1/pods"]:
            uid, name = pod["metadata"]["uid"], pod["metadata"]["name"]
            if uid in self.started or pod["metadata"].get("namespace") != "kubeflow" or pod.get("status", {}).get("phase") != "Running":
                continue
            for row in self.rows:
                # A pod of a Deployment is named for it, with two hashes behind.
                if name.rsplit("-", 2)[0] == row["maker"]:
                    self.make(row)
            self.started.add(uid)

    def make(self, row: dict[str, Any]) -> None:
        """What a part makes that starts."""
        with pymysql.connect(unix_socket=self.socket, user="root", autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS `{row['database']}`")
            for table in row["tables"]:
                cursor.execute(f"CREATE TABLE IF NOT EXISTS `{row['database']}`.`{table}` (id INT)")
            if "filled" in row:
                cursor.execute(f"INSERT INTO `{row['database']}`.`{row['filled']}` VALUES (1)")
