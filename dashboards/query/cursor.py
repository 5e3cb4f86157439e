"""Where a page ended, as text that a client hands back."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

import msgspec

from pipeline.errors import UsageError

_form = msgspec.json.Decoder(tuple[datetime, str])


def write_cursor(moment: datetime, id: str) -> str:
    """The place of a document in the order (published, id)."""
    return base64.urlsafe_b64encode(msgspec.json.encode((moment, id))).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, str]:
    """What `write_cursor` wrote; UsageError for anything else."""
    try:
        moment, id = _form.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        moment, id = None, ""
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"before: {text[:80]!r} is not a `next` of an earlier page")
    return moment, id
