"""The door: every request and websocket passes it, and only a login that was given opens it."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.console.access import COOKIE, Sessions, host_allowed, origin_allowed
from dashboards.console.words import language, login_page

_MOST_FORM = 4096
# Nothing is loaded from elsewhere, whatever a headline says; Vue compiles its templates, hence 'unsafe-eval'.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


class Guard:
    """ASGI middleware around the whole console: checks Host, Origin and session, and serves the login."""

    def __init__(
        self,
        app: ASGIApp,
        sessions: Sessions,
        *,
        bound_to_loopback: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self._sessions = sessions
        self._bound_to_loopback = bound_to_loopback
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what may pass; refuse the rest."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        refusal = await self._refusal(scope, receive)
        if refusal is None:
            await self.app(scope, receive, _with_headers(send) if scope["type"] == "http" else send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4403, "reason": "refused"})
        else:
            await refusal(scope, receive, _with_headers(send))

    async def _refusal(self, scope: Scope, receive: Receive) -> Response | None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if not host_allowed(host, bound_to_loopback=self._bound_to_loopback):
            return PlainTextResponse("The console answers on loopback only.\n", 421)
        if not origin_allowed(headers.get("origin"), host):
            return PlainTextResponse("Another origin may not use the console.\n", 403)
        cookies = _cookies(headers.get("cookie", ""))
        session, path = cookies.get(COOKIE, ""), scope["path"]
        lang = language(cookies.get("tocsin_lang"), headers.get("accept-language"))
        if path == "/login" and scope["type"] == "http" and self._sessions.needed:
            return await self._login(scope, receive, lang)
        if path == "/logout" and scope["type"] == "http":
            self._sessions.logout(session)
            return _forgetting(RedirectResponse("/login" if self._sessions.needed else "/", 303))
        if self._sessions.knows(session, self._clock()):
            return None
        if scope["type"] == "http" and scope["method"] == "GET" and not path.startswith("/_nicegui"):
            return RedirectResponse("/login", 303)
        return PlainTextResponse("Log in first: /login\n", 401)

    async def _login(self, scope: Scope, receive: Receive, lang: str) -> Response:
        now = self._clock()
        if scope["method"] != "POST":
            return HTMLResponse(login_page(lang))
        if self._sessions.barred(now):
            return HTMLResponse(login_page(lang, "login_barred"), 429)
        form = parse_qs((await _body(receive)).decode("utf-8", "replace"))
        session = self._sessions.login(form.get("token", [""])[0], now)
        if session is None:
            return HTMLResponse(login_page(lang, "login_wrong"), 401)
        response = RedirectResponse("/", 303)
        secure = scope.get("scheme") == "https"
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=secure, path="/")
        return response


def _forgetting(response: Response) -> Response:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


async def _body(receive: Receive) -> bytes:
    body = b""
    while len(body) <= _MOST_FORM:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body[:_MOST_FORM]


def _with_headers(send: Send) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *_HEADERS]}
        await send(message)

    return sending
