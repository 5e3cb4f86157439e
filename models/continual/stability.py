"""The population stability index, and how large it may grow by chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

SHIFT = 0.1
"""Below it a population counts as stable (Siddiqi, Credit Risk Scorecards, 2006, p. 137)."""
DRIFT = 0.25
"""From it on a population counts as another one (ibid.)."""

ENOUGH = 30
"""Documents from which the index says anything."""

_Z99 = 2.3263478740408408
_PRIOR = 0.5


def population_stability(reference: Sequence[int], now: Sequence[int]) -> float:
    """Population stability index of two counts over the same classes: 0 when equal, symmetric, unbounded.

    The sum over classes of (p - q) ln(p / q), Jeffreys' symmetric divergence. Classes that neither population
    has are left out; half a document is added to each of the others, so that the value is finite.

    >>> round(population_stability([50, 50], [80, 20]), 2)
    0.41
    """
    pairs = [(a + _PRIOR, b + _PRIOR) for a, b in zip(reference, now, strict=True) if a or b]
    before, after = sum(a for a, _ in pairs), sum(b for _, b in pairs)
    return sum((b / after - a / before) * log((b / after) / (a / before)) for a, b in pairs)


def chance_level(reference: Sequence[int], now: Sequence[int]) -> float:
    """The index that two samples of one population stay below 99 times of 100.

    The index over (1/n + 1/m) follows a chi-squared distribution with one degree of freedom less than there
    are classes (Yurdakul, Statistical Properties of Population Stability Index, 2018); its quantile is that
    of Wilson and Hilferty (1931). Infinite where a sample has fewer than `ENOUGH` documents: too few to tell.
    """
    n, m = sum(reference), sum(now)
    if min(n, m) < ENOUGH:
        return float("inf")
    freedom = sum(1 for a, b in zip(reference, now, strict=True) if a or b) - 1
    if not freedom:
        return 0.0
    part = 2 / (9 * freedom)
    return freedom * (1 - part + _Z99 * sqrt(part)) ** 3 * (1 / n + 1 / m)
