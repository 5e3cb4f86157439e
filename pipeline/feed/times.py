"""Stamps as feeds write them, read into UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?$")
_HELP = "write RFC 3339, such as 2023-03-10T14:30:00Z, or unix seconds"


def parse_time(value: Any) -> tuple[datetime, bool]:
    """Read a stamp; returns it in UTC, and whether it had no zone and UTC was assumed.

    Understood: RFC 3339 and ISO 8601 (day alone too), `YYYY`, `YYYYMMDD`, `YYYYMMDDhhmmss`, the mail form of
    RSS, unix time in seconds, milli-, micro- or nanoseconds (told by magnitude), `datetime` and `date`. Forms
    in which day and month may be swapped are refused. Raises `ValueError` with what to write instead.
    """
    if isinstance(value, str):
        return _from_text(value.strip())
    if isinstance(value, datetime):
        return _to_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC), True
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_unix(value), False
    raise ValueError(f"{value!r} is not a time; {_HELP}")


def _from_text(text: str) -> tuple[datetime, bool]:
    if _NUMBER.match(text):
        return _from_digits(text)
    try:
        return _to_utc(datetime.fromisoformat(text))
    except ValueError:
        pass
    if text.endswith((" UTC", " GMT")):
        try:
            return _to_utc(datetime.fromisoformat(text[:-4]).replace(tzinfo=UTC))
        except ValueError:
            pass
    if "," in text[:5] or text[:2].strip().isdigit():
        try:
            return _to_utc(parsedate_to_datetime(text))
        except (ValueError, TypeError, IndexError, OverflowError):
            pass
    raise ValueError(f"{text[:60]!r} is not a time; {_HELP}")


def _from_digits(text: str) -> tuple[datetime, bool]:
    """A run of digits is a calendar stamp when its length and values allow, else unix time."""
    form = {4: "%Y", 8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}.get(len(text))
    if form and text[:2] in ("19", "20"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC), True
        except ValueError:
            pass
    return _from_unix(float(text) if "." in text else int(text)), False


def _from_unix(value: float) -> datetime:
    size = abs(value)
    try:
        if size < 1e11:
            return _EPOCH + timedelta(seconds=value)
        if size < 1e14:
            return _EPOCH + timedelta(milliseconds=value)
        if size < 1e17:
            return _EPOCH + timedelta(microseconds=value)
        return _EPOCH + timedelta(microseconds=value // 1000)
    except (OverflowError, ValueError):
        raise ValueError(f"{value!r} is no unix time; {_HELP}") from None


def _to_utc(stamp: datetime) -> tuple[datetime, bool]:
    if stamp.tzinfo is None:
        return stamp.replace(tzinfo=UTC), True
    try:
        return stamp.astimezone(UTC), False
    except OverflowError:
        raise ValueError(f"{stamp.isoformat()} lies outside the calendar; {_HELP}") from None
