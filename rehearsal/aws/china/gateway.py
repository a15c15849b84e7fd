"""The WSGI layer in front of moto: counts calls, and answers the paths under `/moto-api/kfctl/`.

| request | answer |
|---|---|
| `GET /moto-api/kfctl/calls` | calls that change something since the last reset: `{"Service.Operation": n}` |
| `DELETE /moto-api/kfctl/calls` | sets the counts to nothing |
| `GET /moto-api/kfctl/cluster` | what the stand-ins inside the cluster need to know of EKS, or `null` |
| `GET /moto-api/kfctl/inventory/REGION` | everything that the account holds there, see `inventory` |
| `POST /moto-api/reset` | moto's own reset; counts and pending changes go as well |
"""

from __future__ import annotations

import collections
import json
import re
import threading
import time
from typing import Any, Callable, Iterable
from urllib.parse import parse_qsl

from moto.core.responses import BaseResponse

from . import lifecycle, permissions  # noqa: F401  (refusals come before a call is counted)
from .inventory import inventory
from .settings import REGIONS, settings

READS = re.compile(r"^(Describe|List|Get|Head|BatchGet|Simulate|Select|Check|Test)")
"""Names of operations that change nothing."""

_counts: collections.Counter[str] = collections.Counter()
_lock = threading.Lock()
_call = threading.local()


def _remember(dispatch: Callable[..., Any]) -> Callable[..., Any]:
    """Notes which operation a response object serves: it alone knows, whatever the protocol."""

    def call_action(self: BaseResponse, *args: Any, **kwargs: Any) -> Any:
        _call.name = f"{self.service_name}.{self._get_action()}"
        return dispatch(self, *args, **kwargs)

    return call_action


BaseResponse.call_action = _remember(BaseResponse.call_action)  # type: ignore[method-assign]


def _s3_name(environ: dict[str, Any]) -> str:
    """S3 has no operation names on the wire: the method, what of the bucket or object, and the sub-resource."""
    path = environ.get("PATH_INFO", "/").strip("/")
    level = "Service" if not path else "Object" if "/" in path else "Bucket"
    verb = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "POST": "Post", "DELETE": "Delete"}
    keys = [key for key, _ in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True) if key != "x-id"]
    return f"s3.{verb.get(environ['REQUEST_METHOD'], environ['REQUEST_METHOD'])}{level}" + (f"({keys[0]})" if keys else "")


class Gateway:
    """Wraps the WSGI application of moto."""

    def __init__(self, application: Any, cluster: Callable[[], Any]):
        self.application, self.cluster = application, cluster

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        lifecycle.settle()
        if path.startswith("/moto-api/kfctl/"):
            return self.own(path, method, start_response)
        if path == "/moto-api/reset":
            lifecycle.forget()
            with _lock:
                _counts.clear()
        _call.name = None
        status: list[str] = []

        def started(line: str, headers: Any, error: Any = None) -> Any:
            status.append(line)
            return start_response(line, headers, error)

        body = self.application(environ, started)
        if not path.startswith("/moto-api"):
            self.note(_call.name or _s3_name(environ), status[-1] if status else "?", environ)
        return body

    def own(self, path: str, method: str, start_response: Any) -> Iterable[bytes]:
        """The paths of the extension itself."""
        if path.endswith("/calls"):
            with _lock:
                answer: Any = dict(_counts)
                if method == "DELETE":
                    _counts.clear()
        elif path.endswith("/cluster"):
            answer = self.cluster()
        elif path.rsplit("/", 1)[-1] in REGIONS:
            answer = inventory(path.rsplit("/", 1)[-1])
        else:
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        body = json.dumps(answer, default=str).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def note(self, name: str, status: str, environ: dict[str, Any]) -> None:
        """Counts a call if it may change something, and logs every one."""
        operation = name.split(".", 1)[1]
        with _lock:
            if not READS.match(operation) and not status.startswith("412"):  # 412: a dry run
                _counts[name] += 1
            if settings.log:
                line = {"at": round(time.time(), 3), "call": name, "status": status[:3], "path": environ.get("PATH_INFO")}
                with settings.log.open("a") as log:
                    log.write(json.dumps(line) + "\n")
