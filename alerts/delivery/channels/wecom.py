"""WeCom's group robot: a Markdown message, and the chart after it. It signs nothing: its URL is the secret.

https://developer.work.weixin.qq.com/document/path/91770 (message types, limits)
https://developer.work.weixin.qq.com/document/path/90313 (codes)
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

import httpx
import msgspec

from alerts.delivery.channels.robot import JSON, judge
from alerts.delivery.http import post
from alerts.delivery.message import Message
from alerts.delivery.render import MARKDOWN, render
from alerts.delivery.schedule import Delivered, Outcome

LIMIT = 4_000
"""Bytes of text; 4,096 are allowed."""
_BUSY = (-1, 45009, 45033)
"""System busy; too many messages (20 a minute)."""
_read = judge(("errcode",), _BUSY, pause=60.0)


class WeCom:
    """Sends to one robot."""

    def __init__(self, client: httpx.Client, url: str) -> None:
        self._client, self._url = client, url

    def tell(self, message: Message, now: datetime, key: str, picture: bytes | None = None) -> Outcome:
        """Send once. The text is what counts: that the chart failed to come after it is no failure."""
        text = {"msgtype": "markdown", "markdown": {"content": render(message, MARKDOWN, LIMIT, title=True)}}
        outcome = post(self._client, self._url, msgspec.json.encode(text), JSON, _read)
        if isinstance(outcome, Delivered) and picture is not None:
            image = {
                "base64": base64.b64encode(picture).decode(),
                # Their checksum of the picture, not a protection.
                "md5": hashlib.md5(picture, usedforsecurity=False).hexdigest(),
            }
            body = msgspec.json.encode({"msgtype": "image", "image": image})
            post(self._client, self._url, body, JSON, _read)
        return outcome
