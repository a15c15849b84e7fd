"""Stands in for what answers behind Istio's gateway: Dex, the OIDC AuthService and the dashboard, as far as a login goes through them.

The order of redirects, the names of fields and the cookie are those of Dex 2.24 and of the AuthService. What is compared is what the
cluster holds: the password's hash and the client in Dex's ConfigMap and Secret, the client in the AuthService's Secret. Also
`/bytes/N`: N bytes, for whoever measures how fast a forwarded port is.

Nothing of it renders pages, keeps refresh tokens, or looks at who may do what.
"""

from __future__ import annotations

import base64
import ctypes
import html
import secrets
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import yaml

from .kube import Kube

COOKIE = "authservice_session"
BLOCK = bytes(64 * 1024)

_crypt = ctypes.CDLL("libcrypt.so.1").crypt
_crypt.restype = ctypes.c_char_p
_crypt_lock = threading.Lock()


def matches(password: str, hash: str) -> bool:
    """Whether a password has this bcrypt hash."""
    with _crypt_lock:
        made = _crypt(password.encode(), hash.encode())
    return made is not None and made.decode() == hash


class Refused(Exception):
    """An answer that is no success: status and text."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status, self.text = status, text


class Gateway:
    """Who is logging in, and who is."""

    def __init__(self, kube: Kube):
        self.kube = kube
        self.requests: dict[str, dict[str, str]] = {}
        self.codes: dict[str, str] = {}
        self.sessions: dict[str, str] = {}

    def serve(self, port: int) -> None:
        """Answers on a port of this machine, in the background."""
        handler = type("Bound", (Answer,), {"gateway": self})
        threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", port), handler).serve_forever, daemon=True).start()

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        """The fields of a Secret."""
        try:
            data = self.kube.call(f"/api/v1/namespaces/{namespace}/secrets/{name}")["data"]
        except urllib.error.HTTPError as error:
            raise Refused(503, f"Secret {name} in {namespace}: {error.code}") from error
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def dex(self) -> Any:
        """Dex's configuration."""
        try:
            return yaml.safe_load(self.kube.call("/api/v1/namespaces/auth/configmaps/dex")["data"]["config.yaml"])
        except urllib.error.HTTPError as error:
            raise Refused(503, f"ConfigMap dex in auth: {error.code}") from error

    def begin(self, query: dict[str, str]) -> str:
        """Dex's first step: a request of a client that it knows. Where to go on."""
        known = self.secret("auth", "dex-oidc-client")
        uris = [uri for client in self.dex().get("staticClients", []) for uri in client.get("redirectURIs", [])]
        if query.get("client_id") != known.get("OIDC_CLIENT_ID"):
            raise Refused(404, "Invalid client_id.")
        if query.get("redirect_uri") not in uris:
            raise Refused(400, "Unregistered redirect_uri.")
        request = secrets.token_urlsafe(12)
        self.requests[request] = query
        return f"/dex/auth/local?req={request}"

    def login(self, request: str, form: dict[str, str]) -> str | None:
        """A login with a password; where to go on, or nothing if it is wrong."""
        query = self.requests.get(request)
        if query is None:
            raise Refused(400, "Bad request: no such login")
        right = any(
            user["email"].lower() == form.get("login", "").lower() and matches(form.get("password", ""), user["hash"])
            for user in self.dex().get("staticPasswords", [])
        )
        if not right:
            return None
        del self.requests[request]
        code = secrets.token_urlsafe(12)
        self.codes[code] = form["login"].lower()
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query.get('state', '')})}"

    def session(self, code: str) -> str:
        """The AuthService's exchange of a code, with the client's secret, for a session."""
        user = self.codes.pop(code, None)
        ours, theirs = self.secret("istio-system", "oidc-authservice-client"), self.secret("auth", "dex-oidc-client")
        if user is None or ours.get("CLIENT_SECRET") != theirs.get("OIDC_CLIENT_SECRET"):
            raise Refused(500, "Failed to exchange authorization code with token")
        session = secrets.token_urlsafe(24)
        self.sessions[session] = user
        return session

    def callback(self) -> str:
        """Where the AuthService takes codes: below its prefix, if its ConfigMap sets no other."""
        try:
            pods = self.kube.call("/apis/apps/v1/namespaces/istio-system/statefulsets/authservice")["spec"]["template"]["spec"]
            names = [source["configMapRef"]["name"] for source in pods["containers"][0].get("envFrom", []) if "configMapRef" in source]
            data = self.kube.call(f"/api/v1/namespaces/istio-system/configmaps/{names[0]}")["data"]
        except (urllib.error.HTTPError, IndexError) as error:
            raise Refused(503, f"the AuthService's parameters: {error}") from error
        return str(data.get("REDIRECT_URL") or data.get("AUTHSERVICE_URL_PREFIX", "/authservice/") + "oidc/callback")

    def authorize(self) -> str:
        """Where somebody without a session is sent."""
        client = self.secret("istio-system", "oidc-authservice-client").get("CLIENT_ID", "")
        query = {"client_id": client, "redirect_uri": self.callback(), "response_type": "code", "scope": "openid profile email groups", "state": secrets.token_urlsafe(12)}
        return f"/dex/auth?{urlencode(query)}"


class Answer(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    gateway: Gateway

    def log_message(self, format: str, *arguments: Any) -> None:
        """No log: it would hold codes."""

    def do_GET(self) -> None:
        """Whatever is asked for."""
        self.answer({})

    def do_POST(self) -> None:
        """The form of the login."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        self.answer({key: values[0] for key, values in parse_qs(body).items()})

    def answer(self, form: dict[str, str]) -> None:
        """Answers, or says why not."""
        try:
            self.route(urlsplit(self.path), form)
        except Refused as refused:
            self.say(refused.status, refused.text)

    def route(self, url: Any, form: dict[str, str]) -> None:
        """Which part answers a path."""
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        if url.path.startswith("/bytes/"):
            self.bytes(int(url.path.rsplit("/", 1)[1]))
        elif url.path == "/dex/auth":
            self.go(self.gateway.begin(query))
        elif url.path == "/dex/auth/local" and form:
            where = self.gateway.login(query.get("req", ""), form)
            if where is None:
                self.say(200, page(self.path, "Invalid Email Address and Password."))
            else:
                self.go(where)
        elif url.path == "/dex/auth/local":
            self.say(200, page(self.path, ""))
        elif url.path == self.gateway.callback():
            self.go("/", f"{COOKIE}={self.gateway.session(query.get('code', ''))}; Path=/; HttpOnly")
        elif self.user() is None:
            self.go(self.gateway.authorize())
        else:
            self.say(200, f"Kubeflow Central Dashboard: {self.user()}\n")

    def user(self) -> str | None:
        """Who has the session of the request's cookie."""
        cookies = dict(part.strip().partition("=")[::2] for part in (self.headers.get("Cookie") or "").split(";"))
        return self.gateway.sessions.get(cookies.get(COOKIE, ""))

    def go(self, where: str, cookie: str = "") -> None:
        """Sends the client elsewhere."""
        self.send_response(302)
        self.send_header("Location", where)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def say(self, status: int, text: str) -> None:
        """A page."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def bytes(self, count: int) -> None:
        """Many bytes."""
        self.send_response(200)
        self.send_header("Content-Length", str(count))
        self.end_headers()
        while count > 0:
            part = BLOCK[:count]
            self.wfile.write(part)
            count -= len(part)


def page(action: str, fault: str) -> str:
    """Dex's form."""
    return f'<form method="post" action="{html.escape(action)}"><input name="login"><input name="password" type="password">{fault}</form>\n'
