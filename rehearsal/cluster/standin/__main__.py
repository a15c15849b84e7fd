"""`python -m standin --plane DIR --aws URL …` runs all stand-ins of a cluster until it is ended."""

from __future__ import annotations

import argparse
import json
import os
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from . import authenticator, controllers, databases, gateway, nodes, secrets, storage, webhooks
from .authority import Authority
from .kube import Kube, Stores


class Eks:
    """What EKS says of the cluster, asked at most every half second."""

    def __init__(self, aws: str):
        self.url, self.at, self.last = aws + "/moto-api/kfctl/cluster", 0.0, None
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __call__(self) -> Any:
        if time.monotonic() - self.at > 0.5:
            try:
                self.last, self.at = json.load(self.opener.open(self.url, timeout=10)), time.monotonic()
            except (OSError, ValueError):
                pass
        return self.last


def main() -> None:
    """Reconciles whenever something changed, and every second."""
    parser = argparse.ArgumentParser(prog="standin")
    parser.add_argument("--plane", type=Path, required=True, help="folder of the control plane")
    parser.add_argument("--aws", required=True, help="URL of the stand-in for AWS")
    parser.add_argument("--authenticator-port", type=int, required=True)
    parser.add_argument("--gateway-port", type=int, required=True, help="where the gateway's pods are forwarded to")
    parser.add_argument("--database-socket", default="", help="socket of the database, if there is one")
    parser.add_argument("--caller", required=True, help="ARN of the caller whose access key is in the environment")
    options = parser.parse_args()
    eks = Eks(options.aws)
    callers = {os.environ["AWS_ACCESS_KEY_ID"]: (os.environ["AWS_SECRET_ACCESS_KEY"], options.caller)}
    authenticator.Authenticator(eks, callers).serve(options.authenticator_port)

    while not (options.plane / "ready").exists():
        time.sleep(0.2)
    scratch = options.plane / "webhooks"
    scratch.mkdir(mode=0o700, exist_ok=True)
    kube = Kube(options.plane)
    gateway.Gateway(kube).serve(options.gateway_port)
    stores, authority = Stores(kube), Authority(options.plane)
    parts = [
        nodes.Nodes(kube, stores, eks),
        webhooks.Webhooks(kube, stores, authority, scratch),
        storage.Storage(kube, stores, eks),
        controllers.Controllers(kube, stores, authority),
        secrets.SecretsStore(kube, stores, options.aws),
        databases.Databases(stores, options.database_socket),
    ]
    said: dict[str, str] = {}
    while True:
        stores.wake.wait(1.0)
        stores.wake.clear()
        for part in parts:
            name = type(part).__name__
            try:
                part.reconcile()
                said.pop(name, None)
            except Exception as error:  # the server may be gone for a while; say it once, go on
                text = f"{error} {error.read()[:400]!r}" if isinstance(error, urllib.error.HTTPError) else str(error)
                if said.get(name) != text:
                    said[name] = text
                    print(name, text, flush=True)
                    if not isinstance(error, (OSError, *secrets.FAULTS)):
                        traceback.print_exc()
        time.sleep(0.2)


main()
