"""Admission and conversion webhooks: every Service that a webhook configuration or a CRD names gets an answer.

A webhook answers on the Service's own address (the service range is on loopback) once the Service has a ready endpoint
and some seconds have passed; before that, connections are refused, as on a cluster whose controller isn't up yet. Its
CA is put into `caBundle`, as cert-manager's injector and Istio do, when it begins to answer. Admission: allowed,
unchanged (but see `program`). Conversion: `apiVersion` is replaced, nothing else; enough for versions that differ in name only.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Iterator

from .authority import Authority
from .kube import Kube, Object, Stores
from .program import SERVICE, Program

LATE = 2.0
"""Seconds from a ready endpoint to an answer."""

CONFIGURATIONS = (
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
)
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class Answer(BaseHTTPRequestHandler):
    """Answers AdmissionReview and ConversionReview."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """No log."""

    def do_POST(self) -> None:
        """One review."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = review["request"]
        response: Object = {"uid": request["uid"]}
        if review["kind"] == "ConversionReview":
            wanted = request["desiredAPIVersion"]
            response["convertedObjects"] = [{**item, "apiVersion": wanted} for item in request["objects"]]
            response["result"] = {"status": "Success"}
        else:
            response["allowed"] = True
        body = json.dumps({"apiVersion": review["apiVersion"], "kind": review["kind"], "response": response}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Webhooks:
    """Keeps one listener for each Service address and port."""

    def __init__(self, kube: Kube, stores: Stores, authority: Authority, scratch: Path):
        self.kube, self.stores, self.authority, self.scratch = kube, stores, authority, scratch
        self.listeners: dict[tuple[str, int], ThreadingHTTPServer | Program] = {}
        self.program = scratch.parent.parent / "program"
        self.since: dict[tuple[str, str], float] = {}

    def clients(self) -> Iterator[tuple[str, Object, Object, str]]:
        """Collection, object, client configuration and its JSON pointer, for each webhook that names a Service."""
        for path in CONFIGURATIONS:
            for item in self.stores[path]:
                for number, hook in enumerate(item.get("webhooks") or []):
                    if "service" in hook["clientConfig"]:
                        yield path, item, hook["clientConfig"], f"/webhooks/{number}/clientConfig"
        for item in self.stores[DEFINITIONS]:
            conversion = item["spec"].get("conversion") or {}
            if conversion.get("strategy") == "Webhook" and "service" in conversion["webhook"]["clientConfig"]:
                yield DEFINITIONS, item, conversion["webhook"]["clientConfig"], "/spec/conversion/webhook/clientConfig"

    def reconcile(self) -> None:
        """Listens where a Service is up, and puts the CA where it is missing."""
        services, wanted = self.stores["/api/v1/services"], set()
        patches: dict[str, list[Object]] = {}
        for path, item, client, pointer in self.clients():
            reference = client["service"]
            where = (reference["namespace"], reference["name"])
            service = services.get(*where)
            if not service or not self.up(where):
                continue
            address = (service["spec"]["clusterIP"], reference.get("port") or 443)
            wanted.add(address)
            if address not in self.listeners:
                self.listeners[address] = self.listen(address, where)
            if client.get("caBundle") != self.authority.bundle:
                patch = {"op": "add", "path": pointer + "/caBundle", "value": self.authority.bundle}
                patches.setdefault(f"{path}/{item['metadata']['name']}", []).append(patch)
        for address in set(self.listeners) - wanted:
            server = self.listeners.pop(address)
            server.shutdown()
            server.server_close()
        for path, patch in patches.items():
            self.kube.patch(path, patch, "json-patch")

    def up(self, where: tuple[str, str]) -> bool:
        """Whether a Service has had a ready endpoint for long enough."""
        slices = self.stores["/apis/discovery.k8s.io/v1/endpointslices"]
        ready = any(
            endpoint.get("conditions", {}).get("ready")
            for item in slices
            if item["metadata"]["namespace"] == where[0] and item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == where[1]
            for endpoint in item.get("endpoints") or []
        )
        if not ready:
            self.since.pop(where, None)
            return False
        return time.monotonic() - self.since.setdefault(where, time.monotonic()) >= LATE

    def listen(self, address: tuple[str, int], where: tuple[str, str]) -> ThreadingHTTPServer | Program:
        """A listener with a certificate for the Service's name."""
        host = f"{where[1]}.{where[0]}.svc"
        certificate, key = self.authority.issue([host])
        if where == SERVICE and self.program.exists():
            return Program(self.program, self.kube, address, self.scratch, certificate, key)
        path = self.scratch / f"{host}.pem"
        path.write_bytes(certificate + key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server = ThreadingHTTPServer(address, Answer)
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server
