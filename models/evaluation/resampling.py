"""Rows drawn with replacement, and the middle of what they show (Efron & Tibshirani 1993, chapter 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

RESAMPLES = 2000
LEVEL = 0.95
_AT_ONCE = 2_000_000
"""Random rows held in memory at one time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A percentile interval of 95 %."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def percentiles(values: Floats, level: float = LEVEL) -> Interval:
    """The middle `level` of resampled values.

    >>> percentiles(np.arange(101.0), level=0.5)
    Interval(low=25.0, high=75.0)
    """
    low, high = np.quantile(values, ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(low), float(high))


def draws(n: int, resamples: int, seed: int) -> Iterator[Ints]:
    """Indices of n rows drawn with replacement: chunks (some resamples, n), the same for the same seed."""
    random = np.random.default_rng(seed)
    size = max(1, _AT_ONCE // n)
    for start in range(0, resamples, size):
        yield random.integers(0, n, (min(size, resamples - start), n))
