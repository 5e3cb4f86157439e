"""When a record became known: what a question "as of" a moment may see of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.events import AlertEvent
from pipeline.records import ScoredDocument, SentimentMinute

LIVE = "live"
_MINUTE = timedelta(minutes=1)


def document_known_at(document: ScoredDocument, now: datetime) -> datetime:
    """Live: `now`, the wall clock at which it is first stored. In a replay, when it was published."""
    return now if document.run == LIVE else document.published_at


def minute_known_at(
    minute: SentimentMinute, now: datetime, lateness: timedelta, heard: datetime | None
) -> datetime:
    """Live: `now`. In a replay, when the watermark had passed the minute's end: `lateness` after it.

    An amendment of a replay became known with a late document. `heard` is the newest minute that the run had
    by then: that is how far its event time had come.
    """
    if minute.run == LIVE:
        return now
    newest = minute.minute if minute.revision == 0 or heard is None else max(minute.minute, heard)
    return newest + _MINUTE + lateness


def event_known_at(event: AlertEvent, now: datetime, lateness: timedelta) -> datetime:
    """Live: `now`. In a replay, when the watermark passed the end of the minute that caused the event."""
    if event.run == LIVE:
        return now
    caused = event.at or (event.resolved_at if event.reason == "resolved" else None) or event.detected_at
    return caused + lateness
