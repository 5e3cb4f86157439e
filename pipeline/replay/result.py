"""What a replay comes to, whichever shell ran it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec import Struct

from alerts.events import AlertEvent
from pipeline.records import Rejected, SentimentMinute
from pipeline.replay.digest import digest
from pipeline.settings import Settings

Via = Literal["offline", "kafka"]


@dataclass(frozen=True)
class ReplayResult:
    """Everything that is written of a replay; `documents_in` = `scored` + rejections + `duplicate`."""

    run: str
    via: Via
    feed: str
    model: str
    """Name and hash of the model."""
    settings_hash: str
    minutes: tuple[SentimentMinute, ...]
    """Minutes that had documents, in order; of several revisions the last counts."""
    events: tuple[AlertEvent, ...]
    """Every alert event, in order."""
    rejected: tuple[Rejected, ...]
    """By the reader and by the worker; `offset` is the row of the feed."""
    documents_in: int
    """Rows of the feed within the asked span, and those that could not be read."""
    outside: int
    """Rows outside the asked span."""
    scored: int
    """Distinct documents that were classified and counted."""
    duplicate: int
    """Documents whose id had been counted before."""
    late: int
    """Documents that came after their minute had closed; they are among `scored`."""
    first: datetime | None
    last: datetime | None
    seconds: float
    """From the first document to the last alert; reading the feed is not in it."""


class Summary(Struct, frozen=True, kw_only=True):
    """`summary.json`; counts are as in `ReplayResult`."""

    v: int = 1
    run: str
    via: Via
    feed: str
    model: str
    settings_hash: str
    documents_in: int
    scored: int
    rejected: int
    rejected_by_reason: dict[str, int]
    duplicate: int
    late: int
    outside: int
    alerts: int
    """Distinct alerts, each counted once however often it changed."""
    alerts_by_key: dict[str, int]
    first: datetime | None
    last: datetime | None
    span_days: float
    """Days from the first document to the last."""
    seconds: float
    documents_per_second: float
    """Scored and duplicate documents a second."""
    digest: str


def latest_alerts(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    """Each alert as it stands in the end, by start, key and id."""
    latest: dict[str, AlertEvent] = {}
    for event in events:
        known = latest.get(event.id)
        if known is None or event.seq >= known.seq:
            latest[event.id] = event
    return sorted(latest.values(), key=lambda alert: (alert.started_at, alert.key, alert.id))


def summarise(result: ReplayResult) -> Summary:
    """Put the whole replay into figures."""
    alerts = latest_alerts(result.events)
    span = (result.last - result.first).total_seconds() / 86_400 if result.first and result.last else 0.0
    heard = result.scored + result.duplicate
    return Summary(
        run=result.run,
        via=result.via,
        feed=result.feed,
        model=result.model,
        settings_hash=result.settings_hash,
        documents_in=result.documents_in,
        scored=result.scored,
        rejected=len(result.rejected),
        rejected_by_reason=dict(Counter(record.reason for record in result.rejected).most_common()),
        duplicate=result.duplicate,
        late=result.late,
        outside=result.outside,
        alerts=len(alerts),
        alerts_by_key=dict(Counter(alert.key for alert in alerts).most_common()),
        first=result.first,
        last=result.last,
        span_days=round(span, 3),
        seconds=round(result.seconds, 3),
        documents_per_second=round(heard / result.seconds, 1) if result.seconds > 0 else 0.0,
        digest=digest(result.minutes, alerts),
    )


def settings_hash(settings: Settings) -> str:
    """SHA-256 over the settings that decide what is counted and what rings; 16 hexadecimal digits of it."""
    deciding = {
        "event_time": settings.event_time.model_dump(mode="json"),
        "detector": settings.detector.model_dump(mode="json"),
        "feeds": settings.feeds.model_dump(mode="json"),
    }
    return sha256(msgspec.json.encode(deciding, order="sorted")).hexdigest()[:16]
