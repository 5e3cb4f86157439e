"""What the store holds of a run, read in one pass and kept as digests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select

from pipeline.aggregate import OVERALL
from pipeline.records import AlertEvent, ScoredDocument, SentimentRow
from pipeline.store import Store
from pipeline.store.rows import sentiment_record
from pipeline.store.schema import sentiment
from pipeline.verify.alarms import Key
from pipeline.verify.documents import Fingerprints
from pipeline.verify.minutes import StoredMinute, stored_digest
from pipeline.verify.report import stamp

_AT_ONCE = 1000


class Kept(Struct):
    """What the store holds of a run."""

    minutes: dict[int, StoredMinute]
    documents: Fingerprints
    alerts: dict[Key, AlertEvent]


def read_kept(store: Store, run: str) -> Kept:
    """Read everything that the store holds of a run."""
    documents = Fingerprints()
    minutes = {
        minute: StoredMinute(revision, stored_digest(rows))
        for minute, revision, rows in each_minute(store, run)
    }
    for document in store.each_document(run):
        documents.add(document, stored=True)
    alerts = {(event.id, event.seq): event for event in store.alert_events(run)}
    return Kept(minutes=minutes, documents=documents, alerts=alerts)


def each_minute(store: Store, run: str) -> Iterator[tuple[int, int, list[SentimentRow]]]:
    """Minutes of a run with their revision and rows, oldest first, without holding them all."""
    c = sentiment.c
    query = select(sentiment).where(c.run == run).order_by(c.minute, c.key)
    with store.reading() as connection:
        found = connection.execution_options(yield_per=_AT_ONCE).execute(query)
        for at, group in groupby((row._asdict() for row in found), key=_minute):
            rows = list(group)
            yield at, max(row["revision"] for row in rows), [sentiment_record(row) for row in rows]


def sentiment_extent(store: Store, run: str) -> tuple[int | None, int]:
    """Youngest minute of a run, None where there is none, and how many late documents its minutes count."""
    c = sentiment.c
    with store.reading() as connection:
        youngest = connection.scalar(select(func.max(c.minute)).where(c.run == run))
        late = connection.scalar(select(func.sum(c.late)).where(c.run == run, c.key == OVERALL))
    return (None if youngest is None else int(youngest.timestamp()) // 60), int(late or 0)


def stored_rows(store: Store, run: str, minute: int) -> tuple[int, list[SentimentRow]]:
    """Revision and rows of one minute; -1 and none where it is not there."""
    points = store.sentiment(run, start=stamp(minute), end=stamp(minute + 1))
    return max((point.revision for point in points), default=-1), [point.row for point in points]


def stored_documents(store: Store, run: str, minute: int) -> dict[str, ScoredDocument]:
    """Documents of one minute, by id."""
    start = stamp(minute)
    found = store.documents(run, start=start, end=start + timedelta(minutes=1))
    return {document.id: document for document in found}


def _minute(row: Mapping[str, Any]) -> int:
    at: datetime = row["minute"]
    return int(at.timestamp()) // 60
