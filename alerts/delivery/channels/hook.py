"""A webhook of a route: the message as text, and the alerts themselves, as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

import httpx
import msgspec

from alerts.delivery.http import post
from alerts.delivery.message import Message
from alerts.delivery.render import PLAIN, plain_text, render
from alerts.delivery.schedule import Outcome
from alerts.events import AlertEvent

LIMIT = 20_000


class Hook:
    """Posts to one URL; the body is told in docs/delivery.md."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client, self._url = client, url

    def tell(
        self,
        message: Message,
        now: datetime,
        key: str,
        picture: bytes | None = None,
        events: Sequence[AlertEvent] = (),
    ) -> Outcome:
        """Send once; `key` is equal for every try of one message."""
        body = {
            "v": 1,
            "title": plain_text(message.title),
            "text": render(message, PLAIN, LIMIT),
            "severity": message.severity,
            "over": message.over,
            "events": list(events),
            "picture": base64.b64encode(picture).decode() if picture is not None else None,
        }
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return post(self._client, self._url, msgspec.json.encode(body), headers)
