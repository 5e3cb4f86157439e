"""Moments and durations as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pipeline.errors import UsageError

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_after(text: str, now: datetime) -> datetime:
    """`30m`, `2h`, `3d`, `1w` after `now`, or a time such as `2026-01-31T18:00+01:00` (no zone: UTC)."""
    if match := re.fullmatch(r"(\d{1,4})\s*([mhdw])", text.strip()):
        return now + timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{text!r} is no moment: write 30m, 2h, 3d, 1w, or a time such as 2026-01-31T18:00 (UTC)"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
