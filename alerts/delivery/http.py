"""One post, one outcome, nothing remembered but the connection; messages show the host alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from alerts.delivery.schedule import Delivered, Outcome, Refused, Retry
from alerts.delivery.text import line
from alerts.settings import is_loopback

_ANSWER_BYTES = 2048
_TRY_AGAIN = (408, 425, 429)

# httpx writes whole URLs to its log, and the path of a webhook often is its secret.
logging.getLogger("httpx").setLevel(logging.WARNING)

Judge = Callable[[str, bytes], Outcome]
"""Host and the first two kilobytes of an answer 2xx: what it means."""


def open_client(url: str, timeout: float, token: str = "") -> httpx.Client:
    """A client for that receiver; `token` goes along as a bearer token."""
    headers = {"User-Agent": "tocsin"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    # A proxy of the environment cannot reach this machine's own loopback.
    return httpx.Client(timeout=timeout, headers=headers, trust_env=not is_loopback(url))


def taken(host: str, answer: bytes) -> Outcome:
    """2xx is all that is to say."""
    return Delivered()


def post(
    client: httpx.Client, url: str, body: bytes, headers: dict[str, str], judge: Judge = taken
) -> Outcome:
    """Post `body` once; `judge` reads what an answer 2xx says."""
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    try:
        with client.stream("POST", url, content=body, headers=headers) as response:
            answer = _head(response)
    except httpx.TimeoutException:
        return Retry(f"{host} did not answer in time", unreachable=True)
    except httpx.HTTPError as error:
        return Retry(f"{host} cannot be reached: {line(str(error), 200)}", unreachable=True)
    if response.is_success:
        return judge(host, answer)
    return _trouble(host, response, answer)


def _trouble(host: str, response: httpx.Response, answer: bytes) -> Outcome:
    said = line(answer.decode(errors="replace"), 300)
    reason = f"{host} answered {response.status_code}" + (f": {said}" if said else "")
    if response.is_redirect:
        return Refused(f"{reason}; redirects are not followed, set the final URL")
    if response.is_client_error and response.status_code not in _TRY_AGAIN:
        return Refused(reason)
    return Retry(reason, after=_retry_after(response))


def _head(response: httpx.Response) -> bytes:
    """The first two kilobytes of an answer: enough to tell why, however much there is."""
    head = b""
    for chunk in response.iter_bytes(_ANSWER_BYTES):
        head += chunk
        if len(head) >= _ANSWER_BYTES:
            break
    return head[:_ANSWER_BYTES]


def _retry_after(response: httpx.Response) -> float | None:
    asked = response.headers.get("Retry-After", "")
    return float(asked) if asked.isascii() and asked.isdigit() else None
