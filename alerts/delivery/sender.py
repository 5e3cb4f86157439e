"""The thin HTTP shell: one post, one outcome, nothing remembered but the connection."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import msgspec
from pydantic import SecretStr

from alerts.delivery import alertmanager, webhook
from alerts.delivery.schedule import Delivered, Delivery, Outcome, Receiver, Refused, Retry, receivers
from alerts.delivery.text import line
from alerts.settings import DeliverySettings, is_loopback

_ANSWER_BYTES = 2048
_TRY_AGAIN = (408, 425, 429)

# httpx writes whole URLs to its log, and the path of a webhook often is its secret.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Sender(Protocol):
    """Hands one delivery to one receiver, and never raises for what the receiver does."""

    def send(self, delivery: Delivery, now: datetime) -> Outcome:
        """Try once."""
        ...


class AlertmanagerSender:
    """Posts alerts to Alertmanager's API v2; one event a post, as it answers 400 for all of a mixed batch."""

    def __init__(self, client: httpx.Client, settings: DeliverySettings) -> None:
        self._client, self._settings = client, settings
        self._url = settings.alertmanager_url.rstrip("/") + "/api/v2/alerts"

    def send(self, delivery: Delivery, now: datetime) -> Outcome:
        """Post the alert as it stands."""
        body = msgspec.json.encode(alertmanager.payload(delivery, now, self._settings))
        return _post(self._client, self._url, body, {"Content-Type": "application/json"})


class WebhookSender:
    """Posts alert events as JSON to one URL."""

    def __init__(self, client: httpx.Client, settings: DeliverySettings) -> None:
        self._client, self._url = client, settings.webhook_url

    def send(self, delivery: Delivery, now: datetime) -> Outcome:
        """Post the event."""
        return _post(self._client, self._url, webhook.body(delivery), webhook.headers(delivery))


@contextmanager
def open_senders(settings: DeliverySettings) -> Iterator[Mapping[Receiver, Sender]]:
    """A sender for each receiver that is switched on, closed at the end."""
    with ExitStack() as stack:
        senders: dict[Receiver, Sender] = {}
        for receiver in receivers(settings):
            if receiver == "alertmanager":
                client = stack.enter_context(
                    _client(settings.alertmanager_url, settings.alertmanager_token, settings)
                )
                senders[receiver] = AlertmanagerSender(client, settings)
            else:
                client = stack.enter_context(_client(settings.webhook_url, settings.webhook_token, settings))
                senders[receiver] = WebhookSender(client, settings)
        yield senders


def _client(url: str, token: SecretStr | None, settings: DeliverySettings) -> httpx.Client:
    headers = {"User-Agent": "tocsin"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token.get_secret_value()}"
    # A proxy of the environment cannot reach this machine's own loopback.
    return httpx.Client(timeout=settings.timeout, headers=headers, trust_env=not is_loopback(url))


def _post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    parts = urlsplit(url)
    host = f"{parts.scheme}://{parts.netloc}"
    try:
        with client.stream("POST", url, content=body, headers=headers) as response:
            answer = b"" if response.is_success else _head(response)
    except httpx.TimeoutException:
        return Retry(f"{host} did not answer in time", unreachable=True)
    except httpx.HTTPError as error:
        return Retry(f"{host} cannot be reached: {line(str(error), 200)}", unreachable=True)
    return _outcome(host, response, answer)


def _outcome(host: str, response: httpx.Response, answer: bytes) -> Outcome:
    if response.is_success:
        return Delivered()
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
