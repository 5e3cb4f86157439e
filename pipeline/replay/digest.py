"""One figure that says whether two replays came to the same."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import msgspec

from alerts.events import AlertEvent
from pipeline.records import SentimentMinute

_encoder = msgspec.json.Encoder(order="sorted")


def digest(minutes: Iterable[SentimentMinute], alerts: Iterable[AlertEvent]) -> str:
    """SHA-256, in hexadecimal, over minute sentiment and alerts in canonical form.

    Each minute counts in its last revision with its rows in the order of keys, each alert in its last state;
    both in the order of time. The run's name, and what follows from it, is left out: what two runs of any
    name, speed or shell must agree in is all that is in it.
    """
    summed = sha256()
    for minute in last_revisions(minutes):
        rows = sorted((msgspec.to_builtins(row) for row in minute.rows), key=lambda row: str(row["key"]))
        summed.update(_encoder.encode({"minute": minute.minute, "rows": rows}) + b"\n")
    canonical = [_canonical(alert) for alert in alerts]
    for alert in sorted(
        canonical, key=lambda fields: (fields["started_at"], fields["key"], fields["detected_at"])
    ):
        summed.update(_encoder.encode(alert) + b"\n")
    return summed.hexdigest()


def last_revisions(minutes: Iterable[SentimentMinute]) -> list[SentimentMinute]:
    """Each minute as it stands in the end, in the order of time."""
    latest: dict[float, SentimentMinute] = {}
    for minute in minutes:
        at = minute.minute.timestamp()
        known = latest.get(at)
        if known is None or minute.revision >= known.revision:
            latest[at] = minute
    return [latest[at] for at in sorted(latest)]


def _canonical(alert: AlertEvent) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(alert)
    for name in ("v", "id", "run"):
        del fields[name]
    return fields
