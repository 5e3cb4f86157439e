"""DingTalk's custom robot: a Markdown message, signed.

https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages (message types, limits, codes)
https://open.dingtalk.com/document/robots/customize-robot-security-settings (signature)
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote_plus

import httpx
import msgspec

from alerts.delivery.channels.robot import JSON, hmac_sha256, judge
from alerts.delivery.http import post
from alerts.delivery.message import Message
from alerts.delivery.render import MARKDOWN, plain_text, render
from alerts.delivery.schedule import Outcome

LIMIT = 18_000
"""Bytes of text; the whole post may have 20 kB."""
_BUSY = (-1, 130101, 410100)
"""System busy; too many messages (20 a minute)."""
_read = judge(("errcode",), _BUSY, pause=60.0)


class DingTalk:
    """Sends to one robot; `secret` is the one of its security setting "sign", or empty."""

    def __init__(self, client: httpx.Client, url: str, secret: str = "") -> None:
        self._client, self._url, self._secret = client, url, secret

    def tell(self, message: Message, now: datetime, key: str, picture: bytes | None = None) -> Outcome:
        """Send once; it takes no pictures."""
        body = {
            "msgtype": "markdown",
            "markdown": {
                "title": plain_text(message.title),
                "text": render(message, MARKDOWN, LIMIT, title=True),
            },
            "at": {"isAtAll": False},
        }
        return post(self._client, self._signed(now), msgspec.json.encode(body), JSON, _read)

    def _signed(self, now: datetime) -> str:
        """The URL with timestamp and HMAC-SHA256 of `timestamp, line break, secret` under the secret."""
        if not self._secret:
            return self._url
        stamp = str(round(now.timestamp() * 1000))
        sign = quote_plus(hmac_sha256(self._secret, f"{stamp}\n{self._secret}"))
        joint = "&" if "?" in self._url else "?"
        return f"{self._url}{joint}timestamp={stamp}&sign={sign}"
