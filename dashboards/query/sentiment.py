"""Sentiment of a key over time, in as many points as somebody can look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from math import sqrt
from typing import Any

from sqlalchemy import BigInteger, Connection, Subquery, cast, extract, func, select

from dashboards.query.errors import QueryTooLarge
from dashboards.query.known import minutes
from dashboards.query.reading import SECONDS, reading
from dashboards.query.values import Series, SeriesPoint
from pipeline.errors import UsageError
from pipeline.records import Window
from pipeline.rolling import Totals
from pipeline.rolling import window as share_of
from pipeline.store import Store
from pipeline.store.schema import WINDOWS

LONGEST = timedelta(days=400)
"""Most that one question may span: a minute each, that is 576,000 rows at worst."""
MOST_POINTS = 50_000
_MINUTE, _DAY = 60, 86_400
_LENGTHS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
"""Of steps, minutes."""
STEPS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21_600, "1d": 86_400}
"""Lengths of steps by the names that programs ask for, seconds."""
_SUMS = ("documents", "stories", "negative", "neutral", "positive", "negative_stories", "late")
_SUMMED = (*_SUMS, "score_sum", "score_sumsq")
_MARKS = ("documents", "mean", "negative_share", "negative_share_se")
_OWN = ("time", *_SUMS, "mean", "mean_se", "negative_share", "negative_share_se")
_ROW = ("time", "run", "key", *_OWN[1:], *(f"{mark}_{window}" for window in WINDOWS for mark in _MARKS))
PORTION = 20_000
_AT_ONCE = 500
Row = dict[str, Any]
# "documents", "mean", "negative_share", "negative_share_se")


def sentiment(
    store: Store,
    run: str,
    key: str,
    since: datetime,
    until: datetime,
    *,
    window: str = "1h",
    max_points: int = 1000,
    step: int | None = None,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> Series:
    """Minutes of one key in [since, until), put together into at most `max_points` steps of whole minutes.

    `step` is a length in seconds, a multiple of 60, where that is to be fixed.

    Raises:
        QueryTooLarge: the span is longer than `LONGEST`, or has more than `MOST_POINTS` of the asked steps.
        UsageError: `window` is none of 5m, 1h, 24h, `max_points` is out of bounds, or `since` not before
            `until`.
    """
    check_span(since, until, max_points)
    if window not in WINDOWS:
        raise UsageError(f"window {window}: {', '.join(WINDOWS)}")
    step = step or step_for(since, until, max_points)
    if (until - since).total_seconds() / step > MOST_POINTS:
        raise QueryTooLarge(
            f"a point every {step // _MINUTE} min makes more than {MOST_POINTS:,}: ask for a coarser step "
            "or a shorter time, or for csv or parquet, which are sent in portions"
        )
    with reading(store, seconds) as connection:
        asked = partial(minutes, run, key=key, since=since, until=until, as_of=as_of)
        found = tuple(_point(_flat(run, key, row), window) for row in _found(connection, asked, step))
    return Series(run=run, key=key, window=window, step_seconds=step, since=since, until=until, points=found)


def check_span(since: datetime, until: datetime, max_points: int) -> None:
    """Refuse what would keep a database busy for nothing."""
    if since >= until:
        raise UsageError(f"since {since.isoformat()} is not before until {until.isoformat()}")
    if until - since > LONGEST:
        raise QueryTooLarge(
            f"{(until - since).days:,} days at once are too many: ask for at most {LONGEST.days} days, and "
            "move `since` and `until` on for more"
        )
    if not 2 <= max_points <= MOST_POINTS:
        raise UsageError(f"max_points {max_points}: 2 to {MOST_POINTS:,}")


def step_for(since: datetime, until: datetime, max_points: int) -> int:
    """Seconds of the shortest step, of the lengths that people read easily, that makes few enough points.

    Steps lie on whole multiples of their length since 1970, so that a chart does not shimmer as time goes on.
    """
    first, last = int(since.timestamp()), int(until.timestamp()) - 1
    for length in _LENGTHS:
        step = length * _MINUTE
        if last // step - first // step < max_points:
            return step
    days = 2
    while last // (days * _DAY) - first // (days * _DAY) >= max_points:
        days += 1
    return days * _DAY


def sentiment_rows(
    store: Store,
    run: str,
    key: str,
    since: datetime,
    until: datetime,
    *,
    step: int = _MINUTE,
    as_of: datetime | None = None,
    seconds: float = SECONDS,
) -> Iterator[list[Row]]:
    """As `sentiment`, flat and with every window, in portions of at most `PORTION` steps: for export.

    A row has the names of `sentiment_columns`. Each portion is a question of its own: no answer is held
    whole, and no transaction stays open while somebody reads slowly.
    """
    length = timedelta(seconds=step * PORTION)
    begin = since
    while begin < until:
        end = min(datetime.fromtimestamp(begin.timestamp() // step * step, UTC) + length, until)
        asked = partial(minutes, run, key=key, since=begin, until=end, as_of=as_of)
        with reading(store, seconds) as connection:
            portion = [_flat(run, key, row) for row in _found(connection, asked, step)]
        if portion:
            yield portion
        begin = end


def sentiment_columns() -> tuple[str, ...]:
    """Columns of an export, in their order."""
    return _ROW


def _found(connection: Connection, asked: Callable[[], Subquery], step: int) -> Iterator[Row]:
    c = asked().c
    marks = [c[f"{mark}_{window}"] for window in WINDOWS for mark in _MARKS]
    if step == _MINUTE:
        query = select(c.minute, *(c[name] for name in _SUMMED), *marks).order_by(c.minute)
        for row in connection.execute(query):
            yield {**row._mapping, "time": row.minute}
        return
    slot = (cast(extract("epoch", c.minute), BigInteger) // step).label("slot")
    totals = [func.sum(c[name]).label(name) for name in _SUMMED]
    steps = connection.execute(
        select(slot, func.max(c.minute).label("last"), *totals).group_by(slot).order_by(slot)
    ).all()
    # The windows of each step's last minute, by look-ups of the key: a join would be planned as a scan.
    for at in range(0, len(steps), _AT_ONCE):
        some = steps[at : at + _AT_ONCE]
        query = select(c.minute, *marks).where(c.minute.in_([row.last for row in some]))
        windows = {row.minute: row._mapping for row in connection.execute(query)}
        for row in some:
            yield {**row._mapping, **windows[row.last], "time": datetime.fromtimestamp(row.slot * step, UTC)}


def _flat(run: str, key: str, row: Row) -> Row:
    counts = {name: int(row[name]) for name in _SUMS}
    documents, score_sum = counts["documents"], int(row["score_sum"])
    own = share_of(Totals(documents=documents, negative=counts["negative"], score_sum=score_sum))
    return {
        "time": row["time"],
        "run": run,
        "key": key,
        **counts,
        "mean": own.mean if documents else None,
        "mean_se": _standard_error(documents, score_sum, int(row["score_sumsq"])),
        "negative_share": own.negative_share if documents else None,
        "negative_share_se": own.negative_share_se if documents else None,
        **{f"{mark}_{window}": row[f"{mark}_{window}"] for window in WINDOWS for mark in _MARKS},
    }


def _point(row: Row, window: str) -> SeriesPoint:
    rolling = None
    if row[f"documents_{window}"] is not None:
        rolling = Window(**{mark: row[f"{mark}_{window}"] for mark in _MARKS})
    return SeriesPoint(window=rolling, **{name: row[name] for name in _OWN})


def _standard_error(documents: int, score_sum: int, score_sumsq: int) -> float | None:
    """Of the mean score, from thousandths and millionths."""
    if documents < 2:
        return None
    spread = (score_sumsq - score_sum * score_sum / documents) / (documents - 1)
    return round(sqrt(max(spread, 0.0) / documents) / 1000, 6)
