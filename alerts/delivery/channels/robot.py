"""What the robots of DingTalk, Feishu and WeCom share: they answer 200, and the body says what came of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Sequence

import msgspec

from alerts.delivery.http import Judge
from alerts.delivery.schedule import Delivered, Outcome, Refused, Retry
from alerts.delivery.text import line

JSON = {"Content-Type": "application/json; charset=utf-8"}


def judge(fields: Sequence[str], busy: Collection[int], pause: float) -> Judge:
    """Reads an answer such as `{"errcode": 0, "errmsg": "ok"}`.

    The first of `fields` that is there holds the code; 0 is success, one of `busy` asks to come again after
    `pause` seconds, any other is a refusal. An answer that is no such JSON is tried again: it comes from
    something in between.
    """

    def read(host: str, answer: bytes) -> Outcome:
        try:
            said = msgspec.json.decode(answer)
            code = next(said[name] for name in fields if name in said)
        except (msgspec.DecodeError, StopIteration, TypeError, KeyError):
            return Retry(f"{host} answered what no robot says: {line(answer.decode(errors='replace'), 200)}")
        if code == 0:
            return Delivered()
        message = line(str(said.get("errmsg") or said.get("msg") or said.get("StatusMessage") or ""), 300)
        reason = f"{host} answered code {code}" + (f": {message}" if message else "")
        return Retry(reason, after=pause) if code in busy else Refused(reason)

    return read


def hmac_sha256(key: str, message: str) -> str:
    """HMAC-SHA256 in base64."""
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()
