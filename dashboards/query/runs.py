"""Which runs and keys the store holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Column, Connection, func, literal, select, union_all

from dashboards.query.reading import SECONDS, reading
from dashboards.query.values import Pulse, RunInfo
from pipeline.store import Store, schema

_MOST = 10_000


def runs(store: Store, *, seconds: float = SECONDS) -> list[RunInfo]:
    """Every run with minutes or alerts, `live` first, then the one that was heard last."""
    with reading(store, seconds) as connection:
        names = {
            *_distinct(connection, schema.sentiment.c.run),
            *_distinct(connection, schema.alert.c.run),
        }
        found = [_run(connection, name) for name in names]
    found.sort(key=lambda info: (info.last is None, -info.last.timestamp() if info.last else 0, info.run))
    return sorted(found, key=lambda info: info.run != "live")


def pulse(store: Store, run: str, *, seconds: float = SECONDS) -> Pulse:
    """What to compare to learn whether anything of a run has changed; three look-ups in indexes."""
    minutes, old, log = schema.sentiment.c, schema.sentiment_revision.c, schema.alert_journal.c
    with reading(store, seconds) as connection:
        newest = [
            connection.scalar(select(func.max(column)).where(of.run == run))
            for column, of in ((minutes.minute, minutes), (old.superseded_at, old), (log.at, log))
        ]
    return Pulse(minute=newest[0], amended=newest[1], journal=newest[2])


def keys(store: Store, run: str, *, seconds: float = SECONDS) -> list[str]:
    """Keys of a run that ever had documents, `overall` first, then in alphabetical order."""
    with reading(store, seconds) as connection:
        found = _distinct(connection, schema.sentiment.c.key, schema.sentiment.c.run == run)
    return sorted(found, key=lambda key: (key != "overall", key))


def first_minute(store: Store, run: str, key: str, *, seconds: float = SECONDS) -> datetime | None:
    """The first minute in which a key ever had documents; None where it never had."""
    c = schema.sentiment.c
    with reading(store, seconds) as connection:
        first: datetime | None = connection.scalar(
            select(func.min(c.minute)).where(c.run == run, c.key == key)
        )
    return first


def first_minutes(connection: Connection, run: str) -> dict[str, datetime]:
    """By key, the first minute that it had documents."""
    c = schema.sentiment.c
    steps = _steps(c.key, c.run == run)
    first = select(func.min(c.minute)).where(c.run == run, c.key == steps.c.value).scalar_subquery()
    query = select(steps.c.value, first.label("first")).where(steps.c.value.is_not(None)).limit(_MOST)
    return {row.value: row.first for row in connection.execute(query)}


def _distinct(connection: Connection, column: Column[Any], *where: Any) -> list[str]:
    steps = _steps(column, *where)
    query = select(steps.c.value).where(steps.c.value.is_not(None)).limit(_MOST)
    return list(connection.scalars(query))


def _steps(column: Column[Any], *where: Any) -> CTE:
    """Values of the first free column of an index, one look-up each, not one a row; NULL ends them."""
    first = select(func.min(column).label("value")).where(*where)
    steps = first.cte("steps", recursive=True)
    following = select(func.min(column)).where(*where, column > steps.c.value).scalar_subquery()
    return steps.union_all(select(following).where(steps.c.value.is_not(None)))


def _run(connection: Connection, run: str) -> RunInfo:
    minutes, stood = schema.sentiment.c, schema.alert.c
    first, last = (
        connection.scalar(select(of(minutes.minute)).where(minutes.run == run)) for of in (func.min, func.max)
    )
    counted = union_all(
        select(literal("all").label("what"), func.count().label("n")).where(stood.run == run),
        select(literal("firing"), func.count()).where(stood.run == run, stood.state == "firing"),
    )
    counts = {row.what: row.n for row in connection.execute(counted)}
    return RunInfo(run=run, first=first, last=last, alerts=counts["all"], firing=counts["firing"])
