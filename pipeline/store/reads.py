"""What others ask of the store, each on a connection it is given."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Connection, Select, func, select, union

from alerts.events import AlertEvent, State
from pipeline.records import Label, Rejected, ScoredDocument, SentimentRow
from pipeline.store import rows, schema


class SentimentPoint(Struct, frozen=True, kw_only=True):
    """One key's minute of one run, with the revision that is stored."""

    run: str
    minute: datetime
    revision: int
    row: SentimentRow


class Counts(Struct, frozen=True, kw_only=True):
    """How much of one run is in the store."""

    documents: int
    sentiment: int
    """Rows: a minute and key each."""
    alerts: int
    firing: int
    """Alerts whose newest event is not `resolved`."""
    alert_events: int
    rejected: dict[str, int]
    """By reason."""


def runs(connection: Connection) -> list[str]:
    """Names of the runs that have written anything but documents, in alphabetical order."""
    tables = (schema.sentiment, schema.alert, schema.rejected)
    return sorted(connection.execute(union(*(select(table.c.run) for table in tables))).scalars())


def alerts(
    connection: Connection,
    run: str,
    key: str | None,
    state: State | None,
    start: datetime | None,
    end: datetime | None,
    limit: int | None,
) -> list[AlertEvent]:
    """Alerts as they stand that started in [start, end), oldest first."""
    c = schema.alert.c
    query = select(schema.alert).where(c.run == run).order_by(c.started_at, c.id)
    if key is not None:
        query = query.where(c.key == key)
    if state is not None:
        query = query.where(c.state == state)
    query = _between(query, c.started_at, start, end).limit(limit)
    return [rows.alert_record(row) for row in _rows(connection, query)]


def alert_events(connection: Connection, run: str, alert_id: str | None) -> list[AlertEvent]:
    """Every event of one alert, or of all of a run, in the order of detection."""
    c = schema.alert_event.c
    query = select(schema.alert_event).where(c.run == run).order_by(c.detected_at, c.id, c.seq)
    if alert_id is not None:
        query = query.where(c.id == alert_id)
    return [rows.alert_record(row) for row in _rows(connection, query)]


def sentiment(
    connection: Connection, run: str, key: str | None, start: datetime | None, end: datetime | None
) -> list[SentimentPoint]:
    """Minutes of one key, or of all, in [start, end), oldest first."""
    c = schema.sentiment.c
    query = select(schema.sentiment).where(c.run == run).order_by(c.minute, c.key)
    if key is not None:
        query = query.where(c.key == key)
    query = _between(query, c.minute, start, end)
    return [
        SentimentPoint(
            run=run, minute=row["minute"], revision=row["revision"], row=rows.sentiment_record(row)
        )
        for row in _rows(connection, query)
    ]


def newest_minutes(connection: Connection, runs: Collection[str]) -> dict[str, datetime]:
    """The newest minute of each of `runs` that has any."""
    c = schema.sentiment.c
    found = {run: connection.scalar(select(func.max(c.minute)).where(c.run == run)) for run in runs}
    return {run: minute for run, minute in found.items() if minute is not None}


def documents(
    connection: Connection,
    run: str,
    topic: str | None,
    tone: str | None,
    start: datetime | None,
    end: datetime | None,
    limit: int | None,
) -> list[ScoredDocument]:
    """Documents published in [start, end), oldest first."""
    c = schema.document.c
    query = select(schema.document).where(c.run == run).order_by(c.published_at, c.id)
    if topic is not None:
        query = query.where(c.topic == topic)
    if tone is not None:
        query = query.where(c.tone == tone)
    query = _between(query, c.published_at, start, end).limit(limit)
    return [rows.document_record(row) for row in _rows(connection, query)]


def each_document(connection: Connection, run: str) -> Iterator[ScoredDocument]:
    """Every document of a run, oldest first, without holding them all."""
    c = schema.document.c
    query = select(schema.document).where(c.run == run).order_by(c.published_at, c.id)
    found = connection.execution_options(yield_per=1000).execute(query)
    return (rows.document_record(row._asdict()) for row in found)


def rejected(connection: Connection, run: str, limit: int | None) -> list[Rejected]:
    """Rejected input of a run, by origin."""
    c = schema.rejected.c
    query = select(schema.rejected).where(c.run == run).order_by(c.topic, c.partition, c.offset).limit(limit)
    return [rows.rejected_record(row) for row in _rows(connection, query)]


def document(connection: Connection, run: str, id: str) -> ScoredDocument | None:
    """The document of that id."""
    c = schema.document.c
    query = select(schema.document).where(c.run == run, c.id == rows.key_text(id))
    return next((rows.document_record(row) for row in _rows(connection, query)), None)


def labels(connection: Connection, run: str | None) -> list[Label]:
    """Every label of documents of a run, or of all runs, in the order in which they were given."""
    c = schema.label.c
    query = select(schema.label).order_by(c.at, c.run, c.id, c.by)
    if run is not None:
        query = query.where(c.run == run)
    return [rows.label_record(row) for row in _rows(connection, query)]


def counts(connection: Connection, run: str) -> Counts:
    """Rows a run has in each table."""

    def count(query: Select[int]) -> int:
        return connection.scalars(query).one()

    def of(table: str) -> Select[int]:
        counted = schema.metadata.tables[table]
        return select(func.count()).select_from(counted).where(counted.c.run == run)

    reasons = schema.rejected.c
    by_reason = select(reasons.reason, func.count()).where(reasons.run == run).group_by(reasons.reason)
    return Counts(
        documents=count(of("document")),
        sentiment=count(of("sentiment")),
        alerts=count(of("alert")),
        firing=count(of("alert").where(schema.alert.c.state == "firing")),
        alert_events=count(of("alert_event")),
        rejected={row[0]: row[1] for row in connection.execute(by_reason)},
    )


def _between(
    query: Select[Any], column: Column[Any], start: datetime | None, end: datetime | None
) -> Select[Any]:
    if start is not None:
        query = query.where(column >= start)
    if end is not None:
        query = query.where(column < end)
    return query


def _rows(connection: Connection, query: Select[Any]) -> Iterator[rows.Row]:
    return (row._asdict() for row in connection.execute(query))
