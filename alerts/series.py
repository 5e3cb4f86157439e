"""Anomalies in any series of values: the detector's ideas without stories, for `tocsin detect`."""

from __future__ import annotations

import math
from typing import Literal

import msgspec
from msgspec import Struct

from alerts.settings import SeriesSettings

Direction = Literal["up", "down", "both"]

_DAY = 86_400.0
_HOURS = 24
_SCALE_OF_MEAN = 1.25
"""Standard deviation over mean absolute deviation of a normal distribution."""
_LONGEST_STEP = 3600.0
"""Seconds that a gap in the series counts at most: what was not measured teaches nothing."""
_TINY = 1e-9


class _State(Struct):
    """All that one direction remembers."""

    last: float | None = None
    began: float = 0.0
    level: float = 0.0
    season: list[float] = []
    spread: float = 0.0
    seen: int = 0
    first: list[float] = []
    """Residuals of the time of learning, until the start of the tail is known."""
    start: float = 0.0
    """Residual from which a value belongs to the tail: a quantile that follows."""
    peaks: float = 0.0
    excess: float = 0.0
    peak: float = 0.0
    above: float = 0.0
    loudest: float = 0.0


class ValueDetector:
    """Tells how improbable each value of a series is, given the values before it; memory is constant.

    Normal is a level that follows, plus a profile over the hours of the day; a value teaches both at most
    `cap` spreads, so that a spike has bounded influence. What lies above normal is compared with its own
    tail: residuals over a start that follows their `quantile`, declustered by runs, whose logarithms have an
    exponential tail (Hill 1975; peaks over threshold as in SPOT, Siffer et al. 2017). A value that is not
    louder than the echo of the last surge scores 0, so that one surge is one anomaly.

    >>> detector = ValueDetector()
    >>> for step in range(2000):
    ...     value, when = 100.0 + step % 7, 300.0 * step
    ...     score = detector.score_one(value, when)
    ...     _ = detector.learn_one(value, when)
    >>> score, detector.score_one(1000.0, 300.0 * 2000) > 0.99
    (0.0, True)
    """

    def __init__(self, settings: SeriesSettings | None = None, direction: Direction = "up") -> None:
        self._settings = settings or SeriesSettings()
        signs = {"up": (1.0,), "down": (-1.0,), "both": (1.0, -1.0)}[direction]
        self._sides = [(sign, _Side(self._settings)) for sign in signs]

    def score_one(self, value: float, when: float) -> float:
        """Chance that an ordinary peak is smaller than this value at that time (unix seconds), in [0, 1].

        0 while it learns, below the tail, and where a louder value was heard just before.
        """
        return max(side.score(sign * value, when) for sign, side in self._sides)

    def learn_one(self, value: float, when: float) -> ValueDetector:
        """Take the value in; times do not fall."""
        for sign, side in self._sides:
            side.learn(sign * value, when)
        return self

    def state(self) -> bytes:
        """All its state, for `load`."""
        return msgspec.msgpack.encode([side.state for _, side in self._sides])

    def load(self, state: bytes) -> None:
        """Become the detector that `state` was taken of."""
        for (_, side), held in zip(
            self._sides, msgspec.msgpack.decode(state, type=list[_State]), strict=True
        ):
            side.state = held


class _Side:
    """One direction: surges of the value itself, or of its negative."""

    def __init__(self, settings: SeriesSettings) -> None:
        self._settings = settings
        self.state = _State(
            season=[0.0] * _HOURS,
            peaks=settings.prior_peaks,
            excess=settings.prior_peaks * settings.prior_excess,
        )

    def _residual(self, value: float, when: float) -> float:
        return value - self.state.level - self.state.season[int(when // 3600) % _HOURS]

    def _surprise(self, residual: float) -> float:
        """-ln of the chance that a peak of the tail is as high."""
        state = self.state
        if state.start <= 0.0 or residual <= state.start:
            return 0.0
        return math.log(residual / state.start) * state.peaks / state.excess

    def _echo(self, when: float) -> float:
        state = self.state
        if state.last is None:
            return 0.0
        half_lives = (when - state.last) / (_DAY * self._settings.echo_half_life_days)
        return state.loudest * math.exp(-math.log(2.0) * half_lives)

    def score(self, value: float, when: float) -> float:
        surprise = self._surprise(self._residual(value, when))
        return 1.0 - math.exp(-surprise) if surprise > self._settings.echo_ratio * self._echo(when) else 0.0

    def learn(self, value: float, when: float) -> None:
        state = self.state
        if state.last is None:
            state.level, state.began, state.last = value, when, when
        step = min(max(when - state.last, 0.0), _LONGEST_STEP)
        residual = self._residual(value, when)
        surprise = self._surprise(residual)
        state.loudest = max(surprise, self._echo(when))
        state.last = when
        self._learn_normal(residual, step, int(when // 3600) % _HOURS)
        if state.start > 0.0:
            self._learn_tail(residual, when)
        else:
            self._learn_start(residual, when)

    def _learn_normal(self, residual: float, step: float, hour: int) -> None:
        state, settings = self.state, self._settings
        state.seen += 1
        early = 1.0 / state.seen
        reach = settings.cap * state.spread if state.seen > settings.least_values else math.inf
        taught = max(-reach, min(reach, residual))
        state.level += max(1.0 - math.exp(-step / (_DAY * settings.level_days)), early) * taught
        state.season[hour] += (1.0 - math.exp(-step / (3600.0 * settings.season_hours))) * taught
        change = _SCALE_OF_MEAN * abs(taught) - state.spread
        state.spread += max(1.0 - math.exp(-step / (_DAY * settings.spread_days)), early) * change
        state.spread = max(state.spread, _TINY)

    def _learn_start(self, residual: float, when: float) -> None:
        """Wait until there is a quantile to begin with; keep no more values than it takes."""
        state, settings = self.state, self._settings
        state.first.append(residual)
        if len(state.first) > settings.most_first:
            state.first = state.first[::2]
        if when - state.began >= _DAY * settings.learning_days and state.seen > settings.least_values:
            ordered = sorted(state.first)
            start = ordered[min(int(settings.quantile * len(ordered)), len(ordered) - 1)]
            state.start, state.first = max(start, 0.1 * state.spread, _TINY), []

    def _learn_tail(self, residual: float, when: float) -> None:
        state, settings = self.state, self._settings
        above = residual > state.start
        step = settings.quantile if above else settings.quantile - 1.0
        state.start = max(state.start * (1.0 + settings.quantile_step * step), 0.1 * state.spread, _TINY)
        if residual > state.start:
            state.peak, state.above = max(state.peak, residual), when
        elif state.peak > 0.0 and when - state.above > 60.0 * settings.quiet_minutes:
            mean = state.excess / state.peaks
            excess = min(math.log(max(state.peak / state.start, 1.0)), settings.excess_cap * mean)
            state.peaks = state.peaks * settings.keep + 1.0
            state.excess = state.excess * settings.keep + excess
            state.peak = 0.0
