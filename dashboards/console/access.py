"""Who may use the console: pure rules of login, origin and host, and the sessions of those who logged in."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from ipaddress import ip_address
from urllib.parse import urlsplit

from pipeline.errors import UsageError

TOKEN_VARIABLE = "TOCSIN_CONSOLE_TOKEN"  # noqa: S105 - the name of a variable, not a secret
COOKIE = "tocsin_session"
MIN_TOKEN = 16
"""Characters a token has at least, so that it cannot be guessed."""

_SESSION_SECONDS = 12 * 3600.0
_TRIES, _TRY_SECONDS = 10, 60.0


def is_loopback(host: str) -> bool:
    """Whether an address or name, with or without a port, is this very machine."""
    # A bare IPv6 address has colons of its own, which are no port.
    name = host if host.count(":") > 1 and not host.startswith("[") else urlsplit(f"//{host}").hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def check_bind(host: str, token: str) -> None:
    """Refuse to listen where others can reach it without a token, and tokens that can be guessed.

    Raises:
        UsageError: says which variable to set.
    """
    if token and len(token) < MIN_TOKEN:
        raise UsageError(f"{TOKEN_VARIABLE} is shorter than {MIN_TOKEN} characters; take a longer one")
    if not token and not is_loopback(host):
        raise UsageError(
            f"--host {host} can be reached from other machines: set {TOKEN_VARIABLE} in the environment, "
            "which whoever opens the console has to give, or listen on 127.0.0.1"
        )


def host_allowed(host: str, *, bound_to_loopback: bool) -> bool:
    """Whether a request's Host header may be answered.

    A page elsewhere whose name is made to resolve to 127.0.0.1 (DNS rebinding) sends its own name here.
    """
    return bool(host) and (not bound_to_loopback or is_loopback(host))


def origin_allowed(origin: str | None, host: str) -> bool:
    """Whether a request comes from the console's own pages; no browser leaves Origin out across origins."""
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc.casefold() == host.casefold()


class Sessions:
    """Turns the right token into sessions; `now` is in seconds of any steady clock."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._until: dict[str, float] = {}
        self._failures: deque[float] = deque()

    @property
    def needed(self) -> bool:
        """Whether a login is needed at all."""
        return bool(self._token)

    def login(self, token: str, now: float) -> str | None:
        """A new session's secret, None for a wrong token; compares in constant time."""
        if not hmac.compare_digest(token.encode("utf-8", "replace"), self._token.encode()):
            self._failures.append(now)
            return None
        self._until = {session: until for session, until in self._until.items() if until > now}
        session = secrets.token_urlsafe(32)
        self._until[session] = now + _SESSION_SECONDS
        return session

    def barred(self, now: float) -> bool:
        """Whether so many wrong tokens came in the last minute that no more are tried."""
        while self._failures and self._failures[0] <= now - _TRY_SECONDS:
            self._failures.popleft()
        return len(self._failures) >= _TRIES

    def knows(self, session: str, now: float) -> bool:
        """Whether the cookie's value is a session that lasts."""
        return not self.needed or self._until.get(session, 0.0) > now

    def logout(self, session: str) -> None:
        """End a session."""
        self._until.pop(session, None)
