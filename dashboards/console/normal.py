"""What was to be expected: the detector's own baseline, taught again with what the store holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from math import sqrt

import numpy as np
from msgspec import Struct

from alerts.baseline import NEGATIVE, SLOTS_PER_HOUR, STORIES, SeasonalBaseline
from alerts.settings import DetectorSettings

SLOT = timedelta(minutes=60 // SLOTS_PER_HOUR)
"""Step of the series that teaches the baseline."""
HISTORY = timedelta(days=28)
"""How far before what is shown it begins to learn."""
_HOUR, _SLOT_SECONDS = 3600, 600
_DISPERSION = 0.1
"""Excess variance over Poisson, squared means: the detector's own value before it has measured one."""
_NORMAL = 1.96


class Slot(Struct, frozen=True, kw_only=True):
    """Distinct stories of one slot."""

    time: datetime
    stories: int
    negative_stories: int


class Normal(Struct, frozen=True, kw_only=True):
    """Negative stories that were to be expected in one step, and what holds them 95 times of 100."""

    expected: float
    low: float
    high: float


def expected_stories(
    taught: Sequence[Slot],
    steps: Sequence[datetime],
    step: timedelta,
    settings: DetectorSettings,
    surging: Collection[int] = (),
    began: datetime | None = None,
) -> list[Normal | None]:
    """What was normal for each of `steps`, of length `step`, told before it came; None while learning.

    `taught` are the key's stories in steps of `SLOT`, oldest first, which may begin before `steps`; `surging`
    are the hours since 1970 in which an alert fired, `began` the run's first minute.
    """
    if not taught or not steps:
        return [None] * len(steps)
    first = int((began or taught[0].time).timestamp()) // _HOUR
    first = max(first, int(taught[0].time.timestamp()) // _HOUR)
    last = (int(steps[-1].timestamp()) + int(step.total_seconds()) - 1) // _HOUR
    shown = int(steps[0].timestamp()) // _HOUR
    counts = np.zeros((last - first + 1, SLOTS_PER_HOUR, 2, 1))
    for point in taught:
        hour, second = divmod(int(point.time.timestamp()) - first * _HOUR, _HOUR)
        if 0 <= hour < counts.shape[0]:
            counts[hour, second // _SLOT_SECONDS, NEGATIVE, 0] += point.negative_stories
            counts[hour, second // _SLOT_SECONDS, STORIES, 0] += point.stories
    rates = np.full((counts.shape[0], SLOTS_PER_HOUR), np.nan)
    doubts = np.zeros(counts.shape[0])
    baseline = SeasonalBaseline(settings, 1)
    for at in range(counts.shape[0]):
        hour = first + at
        if hour >= shown and baseline.known(hour)[0]:
            rates[at] = baseline.rates(hour)[:, NEGATIVE, 0]
            doubts[at] = baseline.doubt(hour, np.ones(1))[0, NEGATIVE, 0]
        baseline.learn(hour, counts[at], np.array([float(hour in surging)]))
    return [_normal(rates, doubts, first, moment, step) for moment in steps]


def _normal(
    rates: np.ndarray, doubts: np.ndarray, first: int, moment: datetime, step: timedelta
) -> Normal | None:
    begin = int(moment.timestamp()) - first * _HOUR
    end = begin + int(step.total_seconds())
    if begin < 0:
        return None
    slots = np.arange(begin // _SLOT_SECONDS, -(-end // _SLOT_SECONDS))
    starts = slots * _SLOT_SECONDS
    hours = (np.minimum(starts + _SLOT_SECONDS, end) - np.maximum(starts, begin)) / _HOUR
    expected = float((rates.reshape(-1)[slots] * hours).sum())
    if np.isnan(expected):
        return None
    doubt = float(doubts[slots // SLOTS_PER_HOUR].max())
    spread = _NORMAL * sqrt(expected + (_DISPERSION + doubt) * expected * expected)
    return Normal(
        expected=round(expected, 3),
        low=round(max(0.0, expected - spread), 3),
        high=round(expected + spread, 3),
    )
