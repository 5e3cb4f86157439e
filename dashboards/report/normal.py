"""What is normal for an hour: the mean of the same hour on earlier days of the same kind. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from dashboards.query import SeriesPoint
from dashboards.report.values import Figure, Hour, Normal

LEAST_DAYS = 2
"""Earlier days of a kind below which nothing is called normal."""
_HOUR = timedelta(hours=1)
_SATURDAY = 5

Slot = tuple[bool, int]
"""Whether it is a weekend, and the hour of the day, UTC."""


def normal_hours(
    points: Sequence[SeriesPoint], first: datetime | None, before: datetime
) -> Mapping[Slot, Normal]:
    """What is normal for each hour of the day, from hourly `points` before `before`.

    `first` is the run's first minute: the days from there on count even where they are silent, its own
    incomplete day does not.
    """
    if first is None:
        return {}
    begin = _next_day(first)
    days = _days(begin, _day(before))
    told = {point.time: point for point in points if begin <= point.time < before}
    slots: defaultdict[Slot, list[SeriesPoint | None]] = defaultdict(list)
    for day in days:
        for hour in range(24):
            slots[(day.weekday() >= _SATURDAY, hour)].append(told.get(day + hour * _HOUR))
    return {slot: _mean(found) for slot, found in slots.items() if len(found) >= LEAST_DAYS}


def hours_of(
    points: Sequence[SeriesPoint], normal: Mapping[Slot, Normal], since: datetime, until: datetime
) -> tuple[Hour, ...]:
    """Every hour that begins in [since, until), silent ones too."""
    told = {point.time: point for point in points}
    found = []
    at = since.replace(minute=0, second=0, microsecond=0)
    while at < until:
        point = told.get(at)
        found.append(
            Hour(
                time=at,
                documents=point.documents if point else 0,
                stories=point.stories if point else 0,
                negative_stories=point.negative_stories if point else 0,
                score_sum=(point.mean or 0.0) * point.documents if point else 0.0,
                normal=normal.get((at.weekday() >= _SATURDAY, at.hour)),
            )
        )
        at += _HOUR
    return tuple(found)


def figures_of(hours: Sequence[Hour]) -> tuple[Figure, ...]:
    """The span's numbers beside the normal of its hours, which is left out where any hour has none."""
    stories, negative = sum(h.stories for h in hours), sum(h.negative_stories for h in hours)
    documents, score = sum(h.documents for h in hours), sum(h.score_sum for h in hours)
    normals = [hour.normal for hour in hours if hour.normal is not None]
    known = len(normals) == len(hours) > 0
    n_stories, n_negative = sum(n.stories for n in normals), sum(n.negative_stories for n in normals)
    n_documents, n_score = sum(n.documents for n in normals), sum(n.score_sum for n in normals)
    return (
        Figure(name="negative_stories", seen=negative, normal=n_negative if known else None),
        Figure(
            name="negative_share",
            seen=negative / stories if stories else 0.0,
            normal=n_negative / n_stories if known and n_stories else None,
        ),
        Figure(name="stories", seen=stories, normal=n_stories if known else None),
        Figure(name="documents", seen=documents, normal=n_documents if known else None),
        Figure(
            name="mean_score",
            seen=score / documents if documents else 0.0,
            normal=n_score / n_documents if known and n_documents else None,
        ),
    )


def _mean(points: Sequence[SeriesPoint | None]) -> Normal:
    n = len(points)
    negative = sorted(point.negative_stories if point else 0 for point in points)
    return Normal(
        days=n,
        documents=sum(point.documents for point in points if point) / n,
        stories=sum(point.stories for point in points if point) / n,
        negative_stories=sum(negative) / n,
        high=float(negative[min(n - 1, int(0.9 * n))]),
        score_sum=sum((point.mean or 0.0) * point.documents for point in points if point) / n,
    )


def _days(begin: datetime, end: datetime) -> list[datetime]:
    return [begin + timedelta(days=n) for n in range(max(0, (end - begin).days))]


def _day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _next_day(at: datetime) -> datetime:
    day = _day(at)
    return day if day == at else day + timedelta(days=1)
