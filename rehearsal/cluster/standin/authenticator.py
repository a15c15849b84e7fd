"""Stands in for the EKS authenticator: a token webhook for tokens of the form `k8s-aws-v1.` and a presigned URL.

As EKS does, it takes the URL apart, refuses hosts that aren't STS of the region, insists on the signed header that names
the cluster, checks the signature (with the one secret key that the rehearsal knows), and gives rights by access entries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

PREFIX = "k8s-aws-v1."
ADMIN = "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


class Refused(Exception):
    """Why a token isn't accepted."""


def signature(url: str, headers: dict[str, str], secret: str) -> str:
    """The Signature Version 4 of a presigned GET."""
    parts = urlsplit(url)
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "X-Amz-Signature"]
    values = dict(query)
    canonical_query = "&".join(sorted(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in query))
    signed = values["X-Amz-SignedHeaders"].split(";")
    canonical_headers = "".join(f"{name}:{headers[name]}\n" for name in signed)
    body = hashlib.sha256(b"").hexdigest()
    canonical = "\n".join(["GET", parts.path or "/", canonical_query, canonical_headers, ";".join(signed), body])
    _, *scope = values["X-Amz-Credential"].split("/")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", values["X-Amz-Date"], "/".join(scope), digest])
    key = ("AWS4" + secret).encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.new(key, text.encode(), "sha256").hexdigest()


class Authenticator:
    """Decides about tokens. `cluster` answers what EKS knows; `callers` is access key id to (secret, ARN)."""

    def __init__(self, cluster: Callable[[], Any], callers: dict[str, tuple[str, str]]):
        self.cluster, self.callers = cluster, callers

    def user(self, token: str) -> dict[str, Any]:
        """The user of a token, or Refused."""
        if not token.startswith(PREFIX):
            raise Refused("not a token of EKS")
        encoded = token[len(PREFIX) :]
        url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        parts, query = urlsplit(url), {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        cluster = self.cluster()
        if not cluster:
            raise Refused("there is no cluster")
        if parts.hostname != f"sts.{cluster['region']}.amazonaws.com.cn" or parts.scheme != "https":
            raise Refused(f"{parts.scheme}://{parts.hostname} is not STS of {cluster['region']}")
        if query.get("Action") != "GetCallerIdentity":
            raise Refused("not a GetCallerIdentity")
        if "x-k8s-aws-id" not in query.get("X-Amz-SignedHeaders", "").split(";"):
            raise Refused("the header x-k8s-aws-id is not signed")
        access_key = query["X-Amz-Credential"].split("/")[0]
        if access_key not in self.callers:
            raise Refused(f"unknown access key {access_key}")
        secret, arn = self.callers[access_key]
        headers = {"host": parts.netloc, "x-k8s-aws-id": cluster["name"]}
        if not hmac.compare_digest(signature(url, headers, secret), query.get("X-Amz-Signature", "")):
            raise Refused("the signature is wrong, or is for another cluster")
        made = time.mktime(time.strptime(query["X-Amz-Date"] + "UTC", "%Y%m%dT%H%M%SZ%Z")) - time.timezone
        if not -300 < time.time() - made < 900:
            raise Refused("the token has expired")
        policies = cluster["entries"].get(arn)
        if policies is None:
            raise Refused(f"no access entry for {arn}")
        groups = ["system:masters"] if ADMIN in policies else []
        return {"username": arn, "uid": arn, "groups": groups}

    def serve(self, port: int) -> None:
        """Serves TokenReview on loopback, in a thread."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *arguments: Any) -> None:
                pass

            def do_POST(self) -> None:
                review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                try:
                    status: dict[str, Any] = {"authenticated": True, "user": outer.user(review["spec"]["token"])}
                except (Refused, ValueError, KeyError, OSError) as error:
                    print("authenticator: refused:", error, flush=True)
                    status = {"authenticated": False, "error": str(error)}
                body = json.dumps({"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
