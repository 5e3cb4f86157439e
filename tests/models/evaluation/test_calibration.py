import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.calibration import calibration, expected_calibration_error, resampled_errors

sure = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_calibration_error_weighs_bins_by_their_rows() -> None:
    confidence = np.array([1.0, 1.0, 1.0, 0.5])
    right = np.array([True, True, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.5 / 4)


@settings(deadline=None)
@given(sure, st.randoms())
def test_the_error_is_a_share_and_the_order_of_rows_does_not_matter(rows, random) -> None:
    def error(rows: list[tuple[float, bool]]) -> float:
        return expected_calibration_error(np.array([c for c, _ in rows]), np.array([r for _, r in rows]))

    before = error(rows)
    assert 0 <= before <= 1
    # Bins can only add to the distance of the whole: |mean accuracy - mean confidence| is the least.
    whole = abs(np.mean([r for _, r in rows]) - np.mean([c for c, _ in rows]))
    assert before >= whole - 1e-9
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert error(shuffled) == pytest.approx(before)


@settings(deadline=None)
@given(sure, st.integers(0, 2**32 - 1))
def test_many_resamples_measure_like_each_alone(rows, seed) -> None:
    confidence, right = np.array([c for c, _ in rows]), np.array([r for _, r in rows])
    draws = np.random.default_rng(seed).integers(0, len(rows), (3, len(rows)))
    for drawn, error in zip(draws, resampled_errors(confidence, right, draws), strict=True):
        assert error == pytest.approx(expected_calibration_error(confidence[drawn], right[drawn]))


def test_a_calibrated_model_is_within_chance_and_chance_shrinks_with_rows() -> None:
    random = np.random.default_rng(5)
    by_rows = {}
    for n in (100, 10_000):
        confidence = random.uniform(0.4, 1.0, n)
        by_rows[n] = calibration(confidence, random.random(n) < confidence, samples=300)
        assert by_rows[n].p_value > 0.01
        assert 0 < by_rows[n].chance < by_rows[n].chance_high
    assert by_rows[10_000].chance < by_rows[100].chance / 5, "the bias falls with the root of the rows"


def test_an_overconfident_model_is_told_from_chance() -> None:
    random = np.random.default_rng(6)
    confidence = random.uniform(0.8, 1.0, 1000)
    found = calibration(confidence, random.random(1000) < confidence - 0.15, samples=300)
    assert found.ece == pytest.approx(0.15, abs=0.04)
    assert found.ece > found.chance_high
    assert found.p_value == pytest.approx(1 / 301)
    assert any(not one.chance[0] <= one.accuracy <= one.chance[1] for one in found.bins)


def test_bins_hold_every_row_and_give_back_the_error() -> None:
    random = np.random.default_rng(7)
    confidence = random.uniform(0.34, 1.0, 500)
    found = calibration(confidence, random.random(500) < 0.7, samples=100)
    assert sum(one.rows for one in found.bins) == 500
    gaps = sum(one.rows * abs(one.accuracy - one.confidence) for one in found.bins)
    assert gaps / 500 == pytest.approx(found.ece)
    assert all(one.low <= one.confidence <= one.high for one in found.bins)


def test_the_same_rows_in_another_order_give_the_same_answer() -> None:
    random = np.random.default_rng(8)
    confidence, right = random.uniform(0.34, 1.0, 90), random.random(90) < 0.7
    order = random.permutation(90)
    first, second = (
        calibration(confidence, right, samples=50),
        calibration(confidence[order], right[order], samples=50),
    )
    assert (first.chance, first.chance_high) == (second.chance, second.chance_high)
    assert first.ece == pytest.approx(second.ece)
