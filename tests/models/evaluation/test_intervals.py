import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.intervals import intervals
from models.evaluation.measures import figures
from models.evaluation.resampling import draws


def rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, n)
    guesses = np.where(random.random(n) < 0.8, labels, random.integers(0, 3, n))
    return labels, guesses, random.uniform(0.4, 1.0, n)


def test_the_interval_of_accuracy_is_that_of_a_share() -> None:
    labels, guesses, confidence = rows(400, 1)
    share = (labels == guesses).mean()
    error = 1.96 * np.sqrt(share * (1 - share) / 400)
    found = intervals(labels, guesses, confidence, 3).accuracy
    assert (found.low, found.high) == pytest.approx((share - error, share + error), abs=0.008)


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 80), st.integers(0, 1000))
def test_figures_lie_in_their_intervals_and_rows_may_come_in_any_order(n: int, seed: int) -> None:
    labels, guesses, confidence = rows(n, seed)
    found = intervals(labels, guesses, confidence, 3, resamples=400)
    measured = figures(labels, guesses, confidence, ("a", "b", "c"))
    assert measured.accuracy in found.accuracy
    for one in (found.accuracy, found.macro_f1, found.ece):
        assert 0 <= one.low <= one.high <= 1
    order = np.random.default_rng(seed).permutation(n)
    assert intervals(labels[order], guesses[order], confidence[order], 3, resamples=400) == found


def test_four_times_the_rows_halve_the_interval() -> None:
    few, many = (intervals(*rows(n, 3), 3).accuracy for n in (250, 1000))
    assert (many.high - many.low) / (few.high - few.low) == pytest.approx(0.5, abs=0.12)


def test_chunks_draw_what_one_would() -> None:
    drawn = np.concatenate(list(draws(1500, 3000, seed=4)))
    assert drawn.shape == (3000, 1500)
    assert 0 <= drawn.min() <= drawn.max() < 1500
    assert len(list(draws(1500, 3000, seed=4))) > 1
