"""The lifecycle journal in SQL: append-only, each transition once, in the order in which it came."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Select, func, select, text

from alerts.journal import Transition
from pipeline.store.rows import key_text
from pipeline.store.schema import alert_journal
from pipeline.store.types import clean
from pipeline.store.writer import insert_new


class JournalEntry(Struct, frozen=True, kw_only=True):
    """One line of the journal."""

    id: str
    """Alert id, or `mute/RUN/KEY`."""
    seq: int
    """Place within that id: 0, 1, 2, …"""
    run: str
    at: datetime
    """Wall clock when it was recorded."""
    event_time: datetime | None
    """When it happened in event time, where that is known."""
    action: str
    """`pending`, `fired`, `escalated`, … as `alerts.journal.Action` lists them."""
    by: str
    """`detector`, `delivery`, or a person's name."""
    reason: str
    detail: dict[str, Any]


def append(connection: Connection, transitions: Iterable[Transition], at: datetime) -> int:
    """Add the transitions that are new, stamped `at` (wall clock); how many were.

    Runs inside the caller's write transaction. SQLite has one writer; in PostgreSQL writers of one alert
    take turns on an advisory lock, so that places are dense and never taken twice; ids go in order, so that
    two batches cannot deadlock.
    """
    c = alert_journal.c
    added = 0
    for transition in sorted(transitions, key=lambda each: each.id):
        identity = key_text(transition.id)
        mark = key_text(transition.mark)
        if connection.dialect.name == "postgresql":
            connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtextextended(:id, 0))"), {"id": identity}
            )
        if connection.execute(select(c.seq).where(c.id == identity, c.mark == mark)).first() is not None:
            continue
        last = connection.scalars(select(func.max(c.seq)).where(c.id == identity)).one()
        row = {
            "id": identity,
            "seq": 0 if last is None else last + 1,
            "run": transition.run,
            "mark": mark,
            "at": at,
            "event_time": transition.event_time,
            "action": transition.action,
            "by": clean(transition.by),
            "reason": clean(transition.reason),
            "detail": transition.detail,
        }
        added += insert_new(connection, alert_journal, row)
    return added


def entries(
    connection: Connection, *, alert_id: str | None = None, run: str | None = None, limit: int | None = None
) -> list[JournalEntry]:
    """Entries of one alert in their order, or the newest `limit` of a run, oldest first."""
    c = alert_journal.c
    columns = [column for column in c if column.name != "mark"]
    query: Select[Any] = select(*columns)
    if run is not None:
        query = query.where(c.run == run)
    if alert_id is not None:
        query = query.where(c.id == key_text(alert_id)).order_by(c.seq.desc())
    else:
        query = query.order_by(c.at.desc(), c.id.desc(), c.seq.desc())
    found = [JournalEntry(**row._asdict()) for row in connection.execute(query.limit(limit))]
    return found[::-1]
