"""What the pages read of the store beyond `dashboards.query`: what people ruled, and how the pipeline is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from sqlalchemy import BigInteger, cast, extract, func, select

from dashboards import query
from dashboards.console.normal import HISTORY, SLOT, Normal, Slot, expected_stories
from dashboards.console.views.alerts import Ruled, mute_of
from dashboards.query import RunInfo, Series, SeriesPoint, Share, reading
from pipeline.settings import Settings
from pipeline.store import Store, actions, schema

_HOUR = 3600
_WEEK = timedelta(days=7)
_DAYS_SHOWN = 14
_FEWEST_POINTS, _MOST_POINTS = 60, 400
_DOCUMENTS_A_POINT = 5


def ruled_alerts(store: Store, run: str, *, limit: int, now: datetime) -> list[Ruled]:
    """The newest alerts of a run, each with what people did about it."""
    return with_rulings(store, run, query.alerts(store, run, limit=limit), now)


def with_rulings(store: Store, run: str, alerts: Sequence[query.AlertEvent], now: datetime) -> list[Ruled]:
    """Each alert with its acknowledgement, its latest verdict and the mute that covers it."""
    seen = actions.acknowledgements(store, [alert.id for alert in alerts]) if alerts else {}
    verdicts = {given.id: given.verdict for given in actions.verdicts(store, run=run)}
    mutes = actions.active_mutes(store, run, now)
    return [
        Ruled(
            alert=alert,
            acknowledged=seen.get(alert.id),
            verdict=verdicts.get(alert.id, ""),
            mute=mute_of(mutes, alert.key, now),
        )
        for alert in alerts
    ]


def readable(store: Store, run: str, key: str, since: datetime, until: datetime) -> Series:
    """A key's course in steps that hold enough documents for their mean to say something."""
    coarse = query.sentiment(store, run, key, since, until, max_points=_FEWEST_POINTS)
    documents = sum(point.documents for point in coarse.points)
    wanted = min(max(documents // _DOCUMENTS_A_POINT, _FEWEST_POINTS), _MOST_POINTS)
    return query.sentiment(store, run, key, since, until, max_points=wanted)


def normal_for(
    store: Store, run: str, series: Series, settings: Settings, began: datetime | None
) -> list[Normal | None]:
    """What was to be expected at each point of a series."""
    if not series.points:
        return []
    since = series.points[0].time - HISTORY
    since = _whole(since)
    try:
        taught = _slots(store, run, series.key, since, series.until)
    except query.QueryTimeout:
        # The chart is worth showing without what was to be expected.
        return [None] * len(series.points)
    alerts = query.alerts(store, run, key=series.key, since=since, until=series.until, limit=1000)
    surging: set[int] = set()
    for alert in alerts:
        end = alert.resolved_at or series.until
        surging.update(range(int(alert.started_at.timestamp()) // _HOUR, int(end.timestamp()) // _HOUR + 1))
    steps = [point.time for point in series.points]
    step = timedelta(seconds=series.step_seconds)
    return expected_stories(taught, steps, step, settings.detector, surging, began)


def _slots(store: Store, run: str, key: str, since: datetime, until: datetime) -> list[Slot]:
    """A key's stories in steps of `SLOT`."""
    c, seconds = schema.sentiment.c, int(SLOT.total_seconds())
    slot = (cast(extract("epoch", c.minute), BigInteger) // seconds).label("slot")
    summed = (
        select(slot, func.sum(c.stories).label("stories"), func.sum(c.negative_stories).label("negative"))
        .where(c.run == run, c.key == key, c.minute >= since, c.minute < until)
        .group_by(slot)
        .order_by(slot)
    )
    with reading(store) as connection:
        return [
            Slot(
                time=datetime.fromtimestamp(row.slot * seconds, UTC),
                stories=int(row.stories),
                negative_stories=int(row.negative),
            )
            for row in connection.execute(summed)
        ]


class Pipeline(Struct, frozen=True, kw_only=True):
    """How a run's pipeline is, from what it has written."""

    info: RunInfo | None
    documents_24h: int
    late_24h: int
    rejected_week: Mapping[str, int]
    """By reason, of the last seven days of wall clock."""
    waiting: int
    """Alert events on their way to a receiver."""
    refused: int
    models: Sequence[Share]
    langs: Sequence[Share]
    days: Sequence[SeriesPoint]
    """The last two weeks of the run, a day each."""


def pipeline_health(store: Store, run: str, now: datetime) -> Pipeline:
    """Read how a run is; a few index look-ups and one pass over two weeks of `overall`."""
    info = next((each for each in query.runs(store) if each.run == run), None)
    rejected, outbox = schema.rejected.c, schema.outbox.c
    by_reason = (
        select(rejected.reason, func.count())
        .where(rejected.run == run, rejected.rejected_at >= now - _WEEK)
        .group_by(rejected.reason)
    )
    stuck = select(outbox.refused, func.count()).where(
        outbox.run == run, outbox.refused | (outbox.done_at.is_(None) & outbox.first_success_at.is_(None))
    )
    with reading(store) as connection:
        reasons = {row[0]: row[1] for row in connection.execute(by_reason)}
        open_events = {bool(row[0]): row[1] for row in connection.execute(stuck.group_by(outbox.refused))}
    days: Sequence[SeriesPoint] = ()
    late = documents = 0
    if info is not None and info.last is not None:
        end = info.last + timedelta(minutes=1)
        first = end.astimezone(UTC).replace(hour=0, minute=0) - timedelta(days=_DAYS_SHOWN - 1)
        days = query.sentiment(store, run, "overall", first, end, max_points=_DAYS_SHOWN).points
        last_day = query.sentiment(store, run, "overall", end - timedelta(days=1), end, max_points=2).points
        documents, late = (sum(getattr(p, name) for p in last_day) for name in ("documents", "late"))
    return Pipeline(
        info=info,
        documents_24h=documents,
        late_24h=late,
        rejected_week=reasons,
        waiting=open_events.get(False, 0),
        refused=open_events.get(True, 0),
        models=query.shares(store, run, "model", limit=5),
        langs=query.shares(store, run, "lang", limit=8),
        days=days,
    )


def _whole(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
