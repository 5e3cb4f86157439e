"""What a `Label` must be before anything learns from it: pure checks, each failure with its reason."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

import msgspec

from pipeline.records import Label
from pipeline.validate import Invalid, check_id, check_text, clean, encodable, misfit

VERSION = 1

_LIMITS = {"by": 128, "model": 256, "note": 4096, "said_topic": 64}
_RUN = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")

_decoder = msgspec.json.Decoder(Label)


def decode_label(raw: bytes, *, topics: Collection[str], now: datetime, future_tolerance: int) -> Label:
    """Read one JSON record of `tocsin.labels`; raises `Invalid` and nothing else. See `check_label`."""
    try:
        label = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise misfit(str(error)) from None
    except UnicodeDecodeError as error:
        raise Invalid("bad_json", f"not UTF-8: byte 0x{error.object[error.start]:02x} in a string") from None
    except msgspec.DecodeError as error:
        raise Invalid("bad_json", f"not JSON: {error}") from None
    except RecursionError:
        raise Invalid("bad_json", "nested too deeply") from None
    return check_label(label, topics=topics, now=now, future_tolerance=future_tolerance)


def check_label(label: Label, *, topics: Collection[str], now: datetime, future_tolerance: int) -> Label:
    """Check what the types cannot tell and return the label as everything downstream may rely on it.

    `topics` are the ids there are, `future_tolerance` the seconds that `at` may lie ahead of `now`. Control
    characters become spaces, `at` is turned to UTC and cut to milliseconds, as the store keeps it. Raises
    `Invalid` and nothing else.
    """
    if label.v != VERSION:
        raise Invalid("wrong_field", f"`v` is {label.v}; this release reads version {VERSION}")
    check_id(label.id)
    if not _RUN.fullmatch(label.run):
        raise Invalid("wrong_field", f"`run` is {label.run[:80]!r}, which is no name of a run")
    if label.tone is None and not label.topic:
        raise Invalid("missing_field", "neither `tone` nor `topic` is given: the label says nothing")
    if label.topic and label.topic not in topics:
        raise Invalid("wrong_field", f"`topic` {label.topic[:80]!r} is none of {', '.join(topics)}")
    if not label.by.strip():
        raise Invalid("missing_field", "`by` is empty: who says so?")
    changes: dict[str, object] = {"at": _stamp(label.at, now, future_tolerance)}
    for field in ("title", "body", "model", "said_topic", "by", "note"):
        value: str = getattr(label, field)
        if len(value) > _LIMITS.get(field, len(value)):
            raise Invalid(
                "wrong_field", f"`{field}` has {len(value):,} characters, {_LIMITS[field]:,} may be"
            )
        if not encodable(value):
            raise Invalid("wrong_field", f"`{field}` holds half of a surrogate pair, which is no character")
        changes[field] = clean(value)
    label = msgspec.structs.replace(label, **changes)
    check_text(label.title, label.body)
    return label


def _stamp(at: datetime, now: datetime, tolerance: int) -> datetime:
    if at.tzinfo is None:
        raise Invalid("wrong_field", "`at` has no zone; write 2026-11-23T14:30:00Z")
    if (at - now).total_seconds() > tolerance:
        raise Invalid("future_stamp", f"`at` is {at.isoformat()}, later than now")
    try:
        utc = at.astimezone(UTC)
    except OverflowError:
        raise Invalid("wrong_field", f"`at` is {at.isoformat()}, outside the calendar") from None
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
