from __future__ import annotations

from math import comb, lgamma, log, log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.surprise import MOST, combined_surprise, count_surprise, log_gamma, share_surprise

counts = st.integers(1, 400)
means = st.floats(0.01, 200)
dispersions = st.floats(0.005, 2)


def one(*values: float) -> list[np.ndarray]:
    return [np.array([value], dtype=np.float64) for value in values]


def negative_binomial_tail(observed: int, mean: float, dispersion: float) -> float:
    """Plain summation of the mass function, term by term, far beyond where it matters."""
    r = 1 / dispersion
    total = 0.0
    for k in range(observed, observed + 20_000):
        logs = (
            lgamma(k + r) - lgamma(r) - lgamma(k + 1) + r * log(r / (r + mean)) + k * log(mean / (r + mean))
        )
        total += np.exp(logs)
        if k > observed + 50 and logs < log(max(total, 1e-300)) - 40:
            break
    return total


@given(st.floats(1e-3, 1e6))
def test_log_gamma_agrees_with_the_standard_library(x: float) -> None:
    assert log_gamma(np.array([x]))[0] == pytest.approx(lgamma(x), rel=1e-12, abs=1e-10)


@given(counts, means, dispersions)
def test_count_surprise_is_the_tail_of_the_negative_binomial(
    observed: int, mean: float, dispersion: float
) -> None:
    [surprise] = count_surprise(*one(observed, mean, dispersion))
    if observed <= mean:
        assert surprise == 0
    else:
        tail = negative_binomial_tail(observed, mean, dispersion)
        exact = min(-log10(max(tail, 1e-307)), MOST)
        # What may ring is told closely; just above the expectation it need not be.
        assert surprise == pytest.approx(exact, rel=1e-3, abs=0.01 if exact >= 1 else 0.05)


def test_count_surprise_nears_poisson_for_small_dispersion() -> None:
    tail = 1 - sum(np.exp(-2.0) * 2.0**k / np.prod(np.arange(1, k + 1)) for k in range(9))
    [surprise] = count_surprise(*one(9, 2.0, 1e-6))
    assert surprise == pytest.approx(-log10(tail), abs=1e-3)


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.9))
def test_share_surprise_nears_binomial_for_small_correlation(
    observed: int, others: int, share: float
) -> None:
    total = observed + others
    [surprise] = share_surprise(*one(observed, total, share, 1e-7))
    if observed <= total * share:
        assert surprise == 0
    else:
        exact = sum(
            comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(observed, total + 1)
        )
        assert surprise == pytest.approx(-log10(exact), rel=1e-3, abs=2e-3)


@given(counts, means, dispersions)
def test_one_more_story_is_never_less_surprising(observed: int, mean: float, dispersion: float) -> None:
    less, more = (count_surprise(*one(n, mean, dispersion))[0] for n in (observed, observed + 1))
    assert more >= less - 1e-3


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.01, 0.9), st.floats(0.002, 0.3))
def test_one_more_negative_of_as_many_is_never_less_surprising(
    observed: int, others: int, share: float, correlation: float
) -> None:
    total = observed + others
    less, more = (share_surprise(*one(n, total, share, correlation))[0] for n in (observed, observed + 1))
    assert more >= less - 1e-3


def test_the_impossible_stays_finite() -> None:
    [surprise] = count_surprise(*one(100_000, 0.01, 0.005))
    assert surprise == MOST


def test_cases_do_not_influence_each_other() -> None:
    observed, mean, dispersion = (
        np.array([5.0, 40.0, 2.0]),
        np.array([1.0, 9.0, 3.0]),
        np.array([0.1, 0.5, 1.0]),
    )
    together = count_surprise(observed, mean, dispersion)
    alone = [count_surprise(*one(*case))[0] for case in zip(observed, mean, dispersion, strict=True)]
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@given(st.floats(0, 50), st.floats(0, 50), st.floats(0, 1))
def test_combined_is_rounded_and_not_above_the_larger(count: float, share: float, weight: float) -> None:
    [value] = combined_surprise(*one(count, share), weight)
    assert value == round(value, 3)
    assert 0 <= value <= max(count, share)
