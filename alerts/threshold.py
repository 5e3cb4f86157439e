"""From which surprise a key rings: the level its own peaks exceed no more often than the budget allows."""

from __future__ import annotations

import numpy as np

from alerts.arrays import Float, Packed, pack, unpack, widen
from alerts.settings import DetectorSettings

TAIL_START = 1.0
"""Surprise from which a peak belongs to the tail that is fitted."""
_SCALE_PRIOR, _SCALE_WEIGHT = 1.0 / float(np.log(10.0)), 10.0
"""Mean excess of -log10 p where the baseline is exactly right (p uniform); peaks this prior weighs."""
_RATE_PRIOR, _RATE_WEIGHT = 10.0, 0.5
"""Peaks a week before any is seen, and the weeks this prior weighs."""
_CAP = 1.0
"""How far above the threshold a peak still counts: a true surge has bounded influence on later thresholds."""
_HOURS_PER_WEEK = 168.0


class TailThreshold:
    """Peaks over a start level, fitted by an exponential tail, extrapolated to the budget; a column a key.

    Peaks over threshold as in SPOT (Siffer et al. 2017, KDD), with the generalised Pareto shape fixed at 0:
    the surprise is a logarithm, so an exponential tail already allows for power-law tails of the count, and
    one parameter can be learnt from a few weeks. Peaks are declustered by runs (Coles 2001, ch. 5): within
    the quiet time they are one, as the alert lifecycle merges them, so a rate of peaks is a rate of alarms.
    """

    def __init__(self, settings: DetectorSettings, keys: int) -> None:
        self._settings = settings
        self._sums = np.zeros((3, keys))
        self._peak = np.zeros(keys)
        self._last_above = np.zeros(keys, dtype=np.int64)
        self._keep = 0.5 ** (1 / 24 / settings.tail_half_life_days)
        self.value: Float = np.zeros(keys)
        """Surprise from which each key rings, three decimals."""
        self._fit()

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
            excess = np.minimum(self._peak, self.value + _CAP) - TAIL_START
            self._sums[0] += over
            self._sums[1] += np.where(over, excess, 0.0)
            self._peak[over] = 0.0
        self._peak = np.where(above, np.maximum(self._peak, surprise), self._peak)
        self._last_above[above] = minute

    def close_hour(self, known: Float) -> None:
        """Let an hour pass for the keys that are watched (`known` 1) and fit again."""
        kept = self._sums * self._keep
        kept[2] += 1.0 / _HOURS_PER_WEEK
        self._sums = np.where(known > 0, kept, self._sums)
        self._fit()

    def _fit(self) -> None:
        peaks, excess, weeks = self._sums
        scale = (excess + _SCALE_PRIOR * _SCALE_WEIGHT) / (peaks + _SCALE_WEIGHT)
        rate = (peaks + _RATE_PRIOR * _RATE_WEIGHT) / (weeks + _RATE_WEIGHT)
        tail = TAIL_START + scale * np.log(np.maximum(rate / self._settings.budget_per_week, 1.0))
        value = np.round(np.maximum(tail, self._settings.min_surprise), 3)
        self.value = np.asarray(value, dtype=np.float64)

    def widen(self, keys: int) -> None:
        """Add keys; they start from the prior."""
        self._sums, self._peak = widen(self._sums, keys), widen(self._peak, keys)
        self._last_above = widen(self._last_above, keys)
        self._fit_new(keys)

    def _fit_new(self, keys: int) -> None:
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
