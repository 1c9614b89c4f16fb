"""Who may ask, and how much may be sent: checked before any route sees a request."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from contextlib import suppress
from dataclasses import dataclass
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "aln_token"
IMAGE_BYTES = 64 * 2**20
JSON_BYTES = 16 * 2**20
IMAGE_PATHS = frozenset({"/api/localize", "/api/photographs"})


ADDED_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_local(host: str) -> bool:
    """Whether a name or address is this machine's own: localhost, 127.0.0.0/8, ::1."""
    name = host.strip("[]").lower()
    try:
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Guard:
    """Wraps the application. Without a token only requests to local names are answered.

    A page of another site can make a browser send requests here, also to a name of its own that suddenly
    means 127.0.0.1. So the name must be local (or the token right), and where the browser tells the page that
    sends, it must be ours.
    """

    app: ASGIApp
    token: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        answer = self._answer(scope, Headers(scope=scope))
        app = answer or self.app
        await app(scope, _limited(scope, receive), _with_headers(send))

    def _answer(self, scope: Scope, headers: Headers) -> Response | None:
        """A refusal, or the way to the page for who brings the token in the address; None: go on."""
        if not _same_site(headers):
            return _refusal(403, "pages of other sites can't ask here")
        if self.token is None:
            if is_local(_host_name(headers)):
                return None
            return _refusal(403, "without a token only local names are answered: open http://127.0.0.1")
        if scope["path"] == "/" and self._in_query(scope):
            response = RedirectResponse("/", status_code=303)
            response.set_cookie(COOKIE, self.token, httponly=True, samesite="lax")
            return response
        if any(compare_digest(given.encode(), self.token.encode()) for given in _tokens(headers)):
            return None
        return _refusal(
            401,
            "a token is needed: open the address that aln web printed, or send 'Authorization: Bearer TOKEN'",
        )

    def _in_query(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return self.token is not None and compare_digest(given.encode(), self.token.encode())


def _host_name(headers: Headers) -> str:
    try:
        return urlsplit(f"//{headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _same_site(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return False
    fetched = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return not fetched or headers.get("sec-fetch-mode") == "navigate"


def _tokens(headers: Headers) -> list[str]:
    """Every token that a request brings: as bearer, as the password of basic authentication, as cookie."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    found = []
    if scheme.lower() in {"bearer", "token"}:
        found.append(value.strip())
    elif scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):
            found.append(base64.b64decode(value).decode().partition(":")[2])
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return found
    return [*found, cookies[COOKIE].value] if COOKIE in cookies else found


def _refusal(status: int, why: str) -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="aln"'} if status == 401 else None
    return JSONResponse({"error": why}, status, headers)


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Stop reading a body that is too large, whatever its header says."""
    limit = IMAGE_BYTES if scope["path"] in IMAGE_PATHS else JSON_BYTES
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, f"at most {limit // 2**20} MiB can be sent")
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def added(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(ADDED_HEADERS)
        await send(message)

    return added
