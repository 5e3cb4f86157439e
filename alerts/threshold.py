"""From which surprise a key rings: the level its own peaks exceed no more often than the budget allows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alerts.arrays import Bool, Float, Packed, pack, unpack, widen
from alerts.settings import DetectorSettings

TAIL_START = 1.0
"""Surprise from which a peak belongs to the tail that is fitted."""
_SCALE_PRIOR, _SCALE_WEIGHT = 1.0 / float(np.log(10.0)), 10.0
"""Mean excess of -log10 p where the baseline is exactly right (p uniform); peaks this prior weighs."""
_SHAPE_WEIGHT = 30.0
"""Peaks that the prior of an exponential tail, shape 0, weighs."""
_SHAPE_BOUNDS = (-0.3, 0.2)
_RATE_PRIOR, _RATE_WEIGHT = 10.0, 0.5
"""Peaks a week before any is seen, and the weeks this prior weighs."""
_CAP = 1.0
"""How far above the threshold a peak still counts: a true surge has bounded influence on later thresholds."""
_HOURS_PER_WEEK = 168.0
_KNOWN_WEEKS = 0.25
"""Weeks of watching from which a realised rate is told."""
_PEAKS, _EXCESS, _SQUARES, _WEEKS, _ALARMS = range(5)


def gpd_level(rate: Float, scale: Float, shape: Float, budget: Float) -> Float:
    """Excess that peaks with these GPD parameters exceed `budget` times, where they come `rate` times.

    scale / shape x ((rate / budget)^shape - 1), and scale x ln(rate / budget) at shape 0 (Coles 2001, ch. 4;
    the quantile of SPOT, Siffer et al. 2017). 0 where the rate is below the budget.
    """
    log_ratio = np.log(np.maximum(rate / budget, 1.0))
    flat = np.abs(shape) < 1e-6
    bent = np.expm1(shape * log_ratio) / np.where(flat, 1.0, shape)
    return np.asarray(scale * np.where(flat, log_ratio, bent))


class TailThreshold:
    """Peaks over a start level, fitted by a generalised Pareto tail, extrapolated to each key's budget.

    Peaks over threshold as in SPOT (Siffer et al. 2017, KDD), by moments that fade (Hosking & Wallis 1987)
    and not by maximum likelihood over kept peaks: constant memory. The shape shrinks towards 0, since the
    surprise is a logarithm, so that an exponential tail already allows for power-law tails of the count.
    Peaks are declustered by runs (Coles 2001, ch. 5): within the quiet time they are one, as the alert
    lifecycle merges them, so a rate of peaks is a rate of alarms. Arrays have a column a key.
    """

    def __init__(self, settings: DetectorSettings, keys: Sequence[str]) -> None:
        self._settings = settings
        self._sums = np.zeros((5, len(keys)))
        self._peak = np.zeros(len(keys))
        self._last_above = np.zeros(len(keys), dtype=np.int64)
        self._keep = 0.5 ** (1 / 24 / settings.tail_half_life_days)
        self.value: Float = np.zeros(len(keys))
        """Surprise from which each key rings, three decimals."""
        self._set_limits(keys)
        self._fit()

    def _set_limits(self, keys: Sequence[str]) -> None:
        limits = [self._settings.limits(key) for key in keys]
        self.budget: Float = np.array([limit.budget_per_week for limit in limits], dtype=np.float64)
        """False alarms a week that each key may raise."""
        self._floor = np.array([limit.min_surprise for limit in limits], dtype=np.float64)

    @property
    def open(self) -> bool:
        """Whether a peak is not over yet."""
        return bool(self._peak.any())

    def watch(self, minute: int, surprise: Float) -> None:
        """Follow the surprise of one minute, shape (keys,)."""
        above = surprise >= TAIL_START
        if not above.any() and not self.open:
            return
        over = (self._peak > 0) & ~above & (minute - self._last_above >= self._settings.quiet_minutes)
        if over.any():
            excess = np.where(over, np.minimum(self._peak, self.value + _CAP) - TAIL_START, 0.0)
            self._sums[_PEAKS] += over
            self._sums[_EXCESS] += excess
            self._sums[_SQUARES] += excess * excess
            self._peak[over] = 0.0
        self._peak = np.where(above, np.maximum(self._peak, surprise), self._peak)
        self._last_above[above] = minute

    def rang(self, column: int) -> None:
        """Count an alarm of that key."""
        self._sums[_ALARMS, column] += 1.0

    def realised(self, column: int) -> float | None:
        """Alarms a week of that key, fading like the tail; None until it was watched for two days."""
        weeks = float(self._sums[_WEEKS, column])
        return round(float(self._sums[_ALARMS, column]) / weeks, 3) if weeks >= _KNOWN_WEEKS else None

    def close_hour(self, known: Bool | Float) -> None:
        """Let an hour pass for the keys that are watched (`known` 1) and fit again."""
        kept = self._sums * self._keep
        kept[_WEEKS] += 1.0 / _HOURS_PER_WEEK
        self._sums = np.where(known > 0, kept, self._sums)
        self._fit()

    def tail(self) -> tuple[Float, Float, Float]:
        """Peaks a week, scale and shape of each key's tail above `TAIL_START`."""
        peaks, excess, squares, weeks, _ = self._sums
        weight = peaks + _SCALE_WEIGHT
        mean = (excess + _SCALE_PRIOR * _SCALE_WEIGHT) / weight
        square = (squares + 2.0 * _SCALE_PRIOR**2 * _SCALE_WEIGHT) / weight
        variance = np.maximum(square - mean * mean, 1e-9)
        shape = 0.5 * (1.0 - mean * mean / variance) * peaks / (peaks + _SHAPE_WEIGHT)
        shape = np.clip(shape, *_SHAPE_BOUNDS)
        rate = (peaks + _RATE_PRIOR * _RATE_WEIGHT) / (weeks + _RATE_WEIGHT)
        return rate, mean * (1.0 - shape), shape

    def _fit(self) -> None:
        level = TAIL_START + gpd_level(*self.tail(), self.budget)
        self.value = np.asarray(np.round(np.maximum(level, self._floor), 3), dtype=np.float64)

    def widen(self, keys: Sequence[str]) -> None:
        """Have these keys, the first of which are those it had; new ones start from the prior."""
        size = len(keys)
        self._sums, self._peak = widen(self._sums, size), widen(self._peak, size)
        self._last_above = widen(self._last_above, size)
        self._set_limits(keys)
        old = self.value
        self._fit()
        self.value[: old.shape[0]] = old

    def state(self) -> dict[str, Packed]:
        """Everything it knows, for a snapshot."""
        return {
            "sums": pack(self._sums),
            "peak": pack(self._peak),
            "last_above": pack(self._last_above),
            "value": pack(self.value),
        }

    def load(self, state: dict[str, Packed]) -> None:
        """Take what `state` gave."""
        self._sums, self._peak = unpack(state["sums"]), unpack(state["peak"])
        self._last_above, self.value = unpack(state["last_above"]), unpack(state["value"])
