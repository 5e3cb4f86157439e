"""All keys of a run at one moment, in one pass over its last day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, case, cast, extract, func, select

from alerts.events import AlertEvent
from alerts.surprise import count_surprise
from dashboards.query.alerts import firing_at
from dashboards.query.known import minutes, newest_minute
from dashboards.query.reading import SECONDS, reading
from dashboards.query.runs import first_minutes
from dashboards.query.values import BoardLine, BoardView
from pipeline.rolling import Totals, window
from pipeline.store import Store

HOURS = 24
_HOUR = 3600
_MINUTE = timedelta(minutes=1)
_DISPERSION = 0.5
"""Squared coefficient of variation that an hour's negative stories are taken to have: no key is a clock."""
_LEAST = 0.5
"""Negative stories an hour that are expected of a key that had none."""


def board(
    store: Store,
    run: str,
    at: datetime | None = None,
    *,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> BoardView:
    """Every key that had documents in the 24 hours before `at` (event time), or before the newest minute.

    `as_of` leaves out what was not known at that moment (wall clock for the live run).
    """
    with reading(store, seconds) as connection:
        if at is None:
            newest = newest_minute(connection, run, as_of)
            if newest is None:
                return BoardView(run=run, at=None, lines=())
            at = newest + _MINUTE
        sums = _sums(connection, run, at, as_of)
        begun = first_minutes(connection, run)
        firing = firing_at(connection, run, at, as_of)
    shown = sums.keys() | firing.keys()
    lines = [_line(key, sums.get(key, []), firing.get(key), begun.get(key)) for key in shown]
    lines.sort(key=lambda line: (line.key != "overall", -line.surprise, -line.day.documents, line.key))
    return BoardView(run=run, at=at, lines=tuple(lines))


def _sums(connection: Connection, run: str, at: datetime, as_of: datetime | None) -> dict[str, list[Any]]:
    """Per key a row for each hour before `at` that had documents; slot 23 is the last hour."""
    begin = at - timedelta(hours=HOURS)
    c = minutes(run, since=begin, until=at, as_of=as_of).c
    recent = c.minute >= at - timedelta(minutes=5)
    slot = ((cast(extract("epoch", c.minute), BigInteger) - int(begin.timestamp())) // _HOUR).label("slot")
    query = select(
        c.key,
        slot,
        *(func.sum(c[name]).label(name) for name in ("documents", "negative", "negative_stories")),
        func.sum(c.score_sum).label("score_sum"),
        *(
            func.sum(case((recent, c[name]), else_=0)).label(f"recent_{name}")
            for name in ("documents", "negative", "score_sum")
        ),
    ).group_by(c.key, slot)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.key].append(row)
    return found


def _line(key: str, hours: Sequence[Any], firing: AlertEvent | None, begun: datetime | None) -> BoardLine:
    last, before, previous, recent = Totals(), Totals(), Totals(), Totals()
    spark, volumes = [0] * HOURS, [0] * HOURS
    for row in hours:
        for into, counts in (
            (last, row.slot == HOURS - 1),
            (before, row.slot < HOURS - 1),
            (previous, row.slot == HOURS - 2),
        ):
            if counts:
                into.documents += int(row.documents)
                into.negative += int(row.negative)
                into.score_sum += int(row.score_sum)
        recent.documents += int(row.recent_documents)
        recent.negative += int(row.recent_negative)
        recent.score_sum += int(row.recent_score_sum)
        spark[row.slot] += int(row.negative_stories)
        volumes[row.slot] += int(row.documents)
    day = Totals(
        documents=last.documents + before.documents,
        negative=last.negative + before.negative,
        score_sum=last.score_sum + before.score_sum,
    )
    change = 0.0
    if last.documents and before.documents:
        change = last.score_sum / last.documents - before.score_sum / before.documents
    usual = before.documents / (HOURS - 1)
    return BoardLine(
        key=key,
        five_minutes=window(recent),
        hour=window(last),
        hour_before=window(previous),
        day=window(day),
        change=round(change / 1000, 6),
        volume=round(last.documents / usual, 3) if usual else 0.0,
        spark=tuple(spark),
        documents_by_hour=tuple(volumes),
        first_minute=begun,
        surprise=firing.surprise if firing else _surprise(spark),
        firing=firing,
    )


def _surprise(spark: Sequence[int]) -> float:
    usual = max(sum(spark[:-1]) / (HOURS - 1), _LEAST)
    figures = (np.array([float(value)]) for value in (spark[-1], usual, _DISPERSION))
    return round(float(count_surprise(*figures)[0]), 3)
