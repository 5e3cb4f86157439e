"""Alerts as they stand, as they stood, and one with its whole history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from alerts.events import AlertEvent, Severity, State
from dashboards.query.errors import NotFound
from dashboards.query.known import visible
from dashboards.query.reading import SECONDS, reading
from dashboards.query.values import AlertDetail, AlertMoment
from pipeline.errors import UsageError
from pipeline.store import Store, rows, schema

MOST = 10_000


def alerts(
    store: Store,
    run: str,
    *,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    state: State | None = None,
    severity: Severity | Iterable[Severity] | None = None,
    limit: int = 200,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> list[AlertEvent]:
    """Alerts that began in [since, until), the newest first, each as its newest event known tells it."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit {limit}: 1 to {MOST:,}")
    table = schema.alert if as_of is None else schema.alert_event
    c = table.c
    query = select(table).where(c.run == run)
    if as_of is not None:
        query = _newest(query, run, as_of)
    if key is not None:
        query = query.where(c.key == key)
    if since is not None:
        query = query.where(c.started_at >= since)
    if until is not None:
        query = query.where(c.started_at < until)
    if state is not None:
        query = query.where(c.state == state)
    if severity is not None:
        query = query.where(c.severity.in_([severity] if isinstance(severity, str) else list(severity)))
    query = query.order_by(c.started_at.desc(), c.id).limit(limit)
    with reading(store, seconds) as connection:
        return [rows.alert_record(row._asdict()) for row in connection.execute(query)]


def alert(store: Store, id: str, *, as_of: datetime | None = None, seconds: float = SECONDS) -> AlertDetail:
    """One alert: how it stands, every event, and what the alarm and people did; NotFound where it is not."""
    table = schema.alert_event
    query = select(table).where(table.c.id == id, *visible(table, as_of)).order_by(table.c.seq)
    with reading(store, seconds) as connection:
        events = tuple(
            AlertMoment(event=rows.alert_record(row._asdict()), recorded_at=row.recorded_at)
            for row in connection.execute(query)
        )
    if not events:
        raise NotFound(f"there is no alert {id!r}; `tocsin alerts list` and /v1/alerts name those there are")
    return AlertDetail(alert=events[-1].event, events=events)


def firing_at(
    connection: Connection, run: str, at: datetime, as_of: datetime | None
) -> dict[str, AlertEvent]:
    """By key, the alert that fired at `at`, event time; of several the one with the greatest surprise."""
    table = schema.alert if as_of is None else schema.alert_event
    c = table.c
    query = select(table).where(
        c.run == run, c.detected_at <= at, (c.resolved_at.is_(None)) | (c.resolved_at > at)
    )
    if as_of is not None:
        query = _newest(query, run, as_of)
    found: dict[str, AlertEvent] = {}
    for row in connection.execute(query.order_by(c.surprise).limit(MOST)):
        found[row.key] = rows.alert_record(row._asdict())
    return found


def _newest(query: Select[Any], run: str, as_of: datetime) -> Select[Any]:
    """Of the events known at `as_of`, the newest of each alert."""
    table = schema.alert_event
    c = table.c
    newest = (
        select(c.id, func.max(c.seq).label("seq"))
        .where(c.run == run, *visible(table, as_of))
        .group_by(c.id)
        .subquery()
    )
    return query.join(newest, and_(newest.c.id == c.id, newest.c.seq == c.seq))
