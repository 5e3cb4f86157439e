"""Tests of whether two classifiers differ, and how small a difference so many rows can show."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

_Z_ALPHA = 1.959964  # 5 % of false alarms, two-sided
_Z_POWER = 0.841621  # 80 % of true differences seen
_FEWEST = 6
"""Discordant rows that the exact test needs, all to one side, to fall below .05: 2 · 2⁻⁶."""


def mcnemar(only_a: int, only_b: int) -> float:
    """Exact two-sided p-value of McNemar's test: how often chance divides discordant rows so unevenly.

    `only_a` and `only_b` are the rows that one is right about and the other wrong (McNemar 1947; the exact
    form is a sign test on those rows, each falling to either side with probability ½).

    >>> mcnemar(1, 9)
    0.021484375
    """
    n = only_a + only_b
    tail, term = 0, 1
    for k in range(min(only_a, only_b) + 1):
        tail += term
        term = term * (n - k) // (k + 1)
    # Integers of any length: their quotient is exact to the last bit, for however many rows.
    return min(1.0, float(2 * tail / (1 << n)))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values adjusted for their number, so that all verdicts together err 5 times in 100 (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def smallest_difference(rows: int, discordant: int) -> float:
    """The difference in accuracy that so many rows would show 4 times in 5, at the 5 % level.

    Solves the usual sample-size formula of McNemar's test, n d² = (z_α √ψ + z_β √(ψ − d²))², for d, where ψ
    is the share of discordant rows (Connor 1987). Models that disagree about few rows are told apart by few,
    but never by fewer than the exact test needs. At most 1.
    """
    share = max(discordant, _FEWEST) / rows
    difference = 0.0
    for _ in range(50):
        spread = _Z_ALPHA * sqrt(share) + _Z_POWER * sqrt(max(0.0, share - difference**2))
        difference = (difference + spread / sqrt(rows)) / 2
    return min(1.0, max(difference, _FEWEST / rows))
