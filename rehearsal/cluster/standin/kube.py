"""A small client of the API server: requests, and stores that follow a list by watching it."""

from __future__ import annotations

import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

Object = dict[str, Any]


class Kube:
    """Calls the API server of a plane's folder as its administrator."""

    def __init__(self, plane: Path):
        self.plane = plane
        self.url = next(line.split('server: "')[1].split('"')[0] for line in (plane / "kubeconfig").read_text().splitlines() if "server:" in line)
        self.tls = ssl.create_default_context(cafile=str(plane / "ca.crt"))
        self.tls.load_cert_chain(str(plane / "client.crt"), str(plane / "client.key"))
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.tls))
        self.opener = urllib.request.build_opener(*handlers)
        self.opener.addheaders = [("User-Agent", "rehearsal-standin")]

    def open(self, path: str, method: str = "GET", body: Any = None, kind: str = "application/json", timeout: float = 30) -> Any:
        """The open response of a request."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method, headers={"Content-Type": kind})
        return self.opener.open(request, timeout=timeout)

    def call(self, path: str, method: str = "GET", body: Any = None, kind: str = "application/json") -> Object:
        """The decoded answer of a request; HTTPError when it is refused."""
        with self.open(path, method, body, kind) as response:
            return json.load(response)

    def create(self, path: str, body: Object) -> bool:
        """Creates an object; False if it is there already."""
        try:
            self.call(path, "POST", body)
            return True
        except urllib.error.HTTPError as error:
            if error.code != 409:
                raise
            return False

    def patch(self, path: str, body: Any, kind: str = "merge-patch") -> Object:
        """Patches an object or a subresource."""
        return self.call(path, "PATCH", body, f"application/{kind}+json")

    def status(self, path: str, status: Object) -> None:
        """Merges into an object's status."""
        self.patch(path + "/status", {"status": status})


class Store:
    """Follows a list: `items` is what is there now, by (namespace, name). Empty while the kind isn't served."""

    def __init__(self, kube: Kube, path: str, wake: threading.Event):
        self.kube, self.path, self.wake = kube, path, wake
        self.items: dict[tuple[str, str], Object] = {}
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self) -> None:
        """Lists and watches for ever; starts over when the server forgot or is gone."""
        while True:
            try:
                listed = self.kube.call(self.path)
                self.items = {key(item): item for item in listed["items"]}
                self.wake.set()
                self.watch(listed["metadata"]["resourceVersion"])
            except (OSError, ValueError, KeyError):
                self.items = {}
                time.sleep(1)

    def watch(self, version: str) -> None:
        """Applies events until the stream ends."""
        query = f"?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion={version}"
        with self.kube.open(self.path + query, timeout=330) as stream:
            for line in stream:
                event = json.loads(line)
                item = event["object"]
                if event["type"] == "ERROR":
                    return
                if event["type"] == "BOOKMARK":
                    continue
                items = dict(self.items)
                if event["type"] == "DELETED":
                    items.pop(key(item), None)
                else:
                    items[key(item)] = item
                self.items = items
                self.wake.set()

    def __iter__(self) -> Any:
        return iter(self.items.values())

    def get(self, namespace: str, name: str) -> Object | None:
        """One object, or None."""
        return self.items.get((namespace, name))


class Stores:
    """The stores that reconcilers share, made when first asked for."""

    def __init__(self, kube: Kube):
        self.kube, self.wake = kube, threading.Event()
        self.stores: dict[str, Store] = {}

    def __getitem__(self, path: str) -> Store:
        if path not in self.stores:
            self.stores[path] = Store(self.kube, path, self.wake)
        return self.stores[path]

    def available(self, namespace: str, name: str) -> bool:
        """Whether a Deployment is there and available."""
        deployment = self["/apis/apps/v1/deployments"].get(namespace, name)
        conditions = (deployment or {}).get("status", {}).get("conditions", [])
        return any(c["type"] == "Available" and c["status"] == "True" for c in conditions)


def key(item: Object) -> tuple[str, str]:
    """Namespace and name."""
    return item["metadata"].get("namespace", ""), item["metadata"]["name"]


def condition(item: Object, kind: str, reason: str, message: str = "") -> Object:
    """A condition of status True, as of now, for the generation that is there."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    generation = item["metadata"].get("generation", 1)
    return {"type": kind, "status": "True", "reason": reason, "message": message or reason, "lastTransitionTime": now, "observedGeneration": generation}


def ready(item: Object, kind: str = "Ready") -> bool:
    """Whether an object has a condition of status True for its present generation."""
    generation = item["metadata"].get("generation", 1)
    return any(
        c["type"] == kind and c["status"] == "True" and c.get("observedGeneration", generation) == generation
        for c in (item.get("status") or {}).get("conditions") or []
    )
