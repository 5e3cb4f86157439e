"""The receivers of settings of their own: Alertmanager, and the webhook that gets every event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Protocol

import httpx
import msgspec
from pydantic import SecretStr

from alerts.delivery import alertmanager, webhook
from alerts.delivery.http import open_client, post
from alerts.delivery.schedule import Delivery, Outcome, Receiver, receivers
from alerts.settings import DeliverySettings


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
        return post(self._client, self._url, body, {"Content-Type": "application/json"})

    def prove(self, run: str, now: datetime) -> Outcome:
        """Post the alert that always fires, the dead man's switch."""
        body = msgspec.json.encode(alertmanager.dead_man(run, now, self._settings))
        return post(self._client, self._url, body, {"Content-Type": "application/json"})


class WebhookSender:
    """Posts alert events as JSON to one URL."""

    def __init__(self, client: httpx.Client, settings: DeliverySettings) -> None:
        self._client, self._url = client, settings.webhook_url

    def send(self, delivery: Delivery, now: datetime) -> Outcome:
        """Post the event."""
        return post(self._client, self._url, webhook.body(delivery), webhook.headers(delivery))


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
    return open_client(url, settings.timeout, token.get_secret_value() if token is not None else "")
