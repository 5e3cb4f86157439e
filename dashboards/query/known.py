"""Rows as they were known at a moment: the one place that knows how the store keeps that."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, Connection, Select, Subquery, select, union_all

from pipeline.store import schema

_AHEAD = timedelta(days=1)
"""A document may be stamped ahead of the clock by `event_time.future_tolerance`; never by so much."""


def minutes(
    run: str,
    *,
    key: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
) -> Subquery:
    """Rows of `sentiment` in [since, until), as they stand or as they stood at `as_of`."""
    standing = schema.sentiment
    columns = [column for column in standing.c if column.name != "evidence"]
    query = select(*columns).where(*_asked(standing, run, key, since, until, as_of))
    if as_of is None:
        return query.subquery()
    old = schema.sentiment_revision
    stood = select(*(old.c[column.name] for column in columns)).where(
        *_asked(old, run, key, since, until, as_of), old.c.superseded_at > as_of
    )
    return union_all(query, stood).subquery()


def newest_minute(connection: Connection, run: str, as_of: datetime | None) -> datetime | None:
    """The newest minute that was known."""
    found = []
    for table in (schema.sentiment, schema.sentiment_revision):
        c = table.c
        query = select(c.minute).where(*_asked(table, run, None, None, None, as_of))
        found.append(connection.scalar(query.order_by(c.minute.desc()).limit(1)))
    return max((minute for minute in found if minute is not None), default=None)


def known(table: Any, as_of: datetime | None) -> list[Any]:
    """Conditions that leave the rows of `table` that were known at `as_of`."""
    return [] if as_of is None else [table.c.known_at <= as_of]


def published_by(query: Select[Any], published_at: Column[Any], as_of: datetime | None) -> Select[Any]:
    """Documents known at `as_of`; what was published long after it is left out by `published_at`'s index."""
    if as_of is None:
        return query
    return query.where(schema.document.c.known_at <= as_of, published_at < as_of + _AHEAD)


def _asked(
    table: Any,
    run: str,
    key: str | None,
    since: datetime | None,
    until: datetime | None,
    as_of: datetime | None,
) -> list[Any]:
    c = table.c
    conditions = [c.run == run, *known(table, as_of)]
    if key is not None:
        conditions.append(c.key == key)
    if since is not None:
        conditions.append(c.minute >= since)
    if until is not None:
        conditions.append(c.minute < until)
    if as_of is not None:
        # A minute is known after its end, never before: the index need not look further.
        conditions.append(c.minute <= as_of)
    return conditions
