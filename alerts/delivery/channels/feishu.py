"""Feishu's (Lark's) custom bot: a card, signed.

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot (signature, limits, codes)
https://open.feishu.cn/document/common-capabilities/message-card/message-cards-content (cards)
"""

from __future__ import annotations

from datetime import datetime

import httpx
import msgspec

from alerts.delivery.channels.robot import JSON, hmac_sha256, judge
from alerts.delivery.http import post
from alerts.delivery.message import Message
from alerts.delivery.render import CARD, plain_text, render
from alerts.delivery.schedule import Outcome

LIMIT = 15_000
"""Bytes of text; the whole post may have 20 kB."""
_BUSY = (11232, 11233, 1500)
"""Too many messages (100 a minute, 5 a second); an error of theirs."""
_COLOURS = {"watch": "yellow", "warning": "orange", "critical": "red"}
_read = judge(("code", "StatusCode"), _BUSY, pause=60.0)


class Feishu:
    """Sends to one bot; `secret` is the one of its signature check, or empty."""

    def __init__(self, client: httpx.Client, url: str, secret: str = "") -> None:
        self._client, self._url, self._secret = client, url, secret

    def tell(self, message: Message, now: datetime, key: str, picture: bytes | None = None) -> Outcome:
        """Send once; pictures would need an application of its own."""
        body: dict[str, object] = {
            "msg_type": "interactive",
            "card": {
                "config": {"wide_screen_mode": True},
                "header": {
                    "template": "green" if message.over else _COLOURS[message.severity],
                    "title": {"tag": "plain_text", "content": plain_text(message.title)},
                },
                "elements": [
                    {"tag": "div", "text": {"tag": "lark_md", "content": render(message, CARD, LIMIT)}}
                ],
            },
        }
        if self._secret:
            stamp = str(int(now.timestamp()))
            # Their scheme: the string to sign is the key, and what is signed is empty.
            body |= {"timestamp": stamp, "sign": hmac_sha256(f"{stamp}\n{self._secret}", "")}
        return post(self._client, self._url, msgspec.json.encode(body), JSON, _read)
