"""Who may ask: loopback without a token, anybody else with one."""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.api.problems import problem
from pipeline.errors import UsageError

TOKEN_VARIABLE = "TOCSIN_API_TOKEN"  # noqa: S105 - the name of a variable, not a secret
MIN_TOKEN = 16
"""Characters a token has at least, so that it cannot be guessed."""
_OPEN = ("/healthz",)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    ),
)


def check_bind(host: str, token: str) -> None:
    """Refuse to listen where others can reach it without a token, and tokens that can be guessed.

    Raises:
        UsageError: says which variable to set.
    """
    if token and (len(token) < MIN_TOKEN or not token.isascii()):
        raise UsageError(
            f"{TOKEN_VARIABLE} must be {MIN_TOKEN} or more ASCII characters, such as those that "
            "`openssl rand -hex 24` prints"
        )
    if not token and not is_loopback(host):
        raise UsageError(
            f"--host {host} can be reached from other machines: set {TOKEN_VARIABLE} in the environment, "
            "which whoever asks has to send, or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether an address or name, with or without a port, is this very machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: checks the Host header or the token, and says what a browser may do with answers."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what may pass; refuse the rest."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]  # type: ignore[misc]
            await send(message)

        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope["path"], headers)
        await (refusal or self._app)(scope, receive, sending)  # type: ignore[arg-type]

    def _refusal(self, path: str, headers: dict[bytes, str]) -> ASGIApp | None:
        if self._token:
            given = headers.get(b"authorization", "")
            scheme, _, secret = given.partition(" ")
            right = hmac.compare_digest(secret.strip().encode("latin-1"), self._token.encode())
            if path in _OPEN or (scheme.lower() == "bearer" and right):
                return None
            answer = problem(401, "Token needed", "Send the token as `Authorization: Bearer TOKEN`.")
            answer.headers["www-authenticate"] = 'Bearer realm="tocsin"'
            return answer
        # A page elsewhere whose name is made to resolve to 127.0.0.1 (DNS rebinding) sends its own name.
        if not is_loopback(headers.get(b"host", "")):
            return problem(
                421,
                "Wrong host",
                f"Without a token only loopback is answered; set {TOKEN_VARIABLE} for others.",
            )
        return None
