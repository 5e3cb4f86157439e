"""Alerts as they stand, as they stood, and one with its whole history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from alerts.events import AlertEvent, Severity, State
from dashboards.query.errors import NotFound
from dashboards.query.known import known
from dashboards.query.reading import SECONDS, reading
from dashboards.query.values import AlertDetail, AlertMoment, InboxLine
from pipeline.errors import UsageError
from pipeline.store import Store, actions, journal, rows, schema
from pipeline.store.journal import JournalEntry

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
    query = select(table).where(table.c.id == id, *known(table, as_of)).order_by(table.c.seq)
    with reading(store, seconds) as connection:
        events = tuple(
            AlertMoment(event=rows.alert_record(row._asdict()), recorded_at=row.recorded_at)
            for row in connection.execute(query)
        )
        log = journal.entries(connection, alert_id=id)
    if not events:
        raise NotFound(f"there is no alert {id!r}; `tocsin alerts list` and /v1/alerts name those there are")
    said = actions.verdicts(store, id)
    if as_of is not None:
        log = [entry for entry in log if _told(entry, as_of)]
        said = [verdict for verdict in said if verdict.at <= as_of]
    return AlertDetail(alert=events[-1].event, events=events, journal=tuple(log), verdicts=tuple(said))


def inbox(
    store: Store,
    run: str,
    *,
    now: datetime,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    state: State | None = None,
    severity: Severity | Iterable[Severity] | None = None,
    limit: int = 200,
    seconds: float = SECONDS,
) -> list[InboxLine]:
    """Alerts as in `alerts`, each with what people did about it; `now` (wall clock) decides on mutes."""
    found = alerts(
        store,
        run,
        key=key,
        since=since,
        until=until,
        state=state,
        severity=severity,
        limit=limit,
        seconds=seconds,
    )
    seen = actions.acknowledgements(store, [each.id for each in found])
    mutes = actions.active_mutes(store, run, now)
    said = {verdict.id: verdict for verdict in actions.verdicts(store, run=run)}
    return [
        InboxLine(
            alert=each,
            acknowledged=seen.get(each.id),
            muted_until=max((mute.until for mute in mutes if mute.covers(each.key, now)), default=None),
            verdict=said.get(each.id),
        )
        for each in found
    ]


def _told(entry: JournalEntry, as_of: datetime) -> bool:
    """Whether it was known: by wall clock in the live run, by event time in a replay."""
    moment = entry.at if entry.run == "live" or entry.event_time is None else entry.event_time
    return moment <= as_of


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
        .where(c.run == run, *known(table, as_of))
        .group_by(c.id)
        .subquery()
    )
    return query.join(newest, and_(newest.c.id == c.id, newest.c.seq == c.seq))
