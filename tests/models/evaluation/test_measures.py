import numpy as np
import pytest

from models.evaluation.measures import expected_calibration_error, figures


def test_figures_of_a_small_table() -> None:
    labels = np.array([0, 0, 0, 1, 1, 2])
    guesses = np.array([0, 0, 1, 1, 0, 2])
    result = figures(labels, guesses, np.full(6, 0.8), ("a", "b", "c", "never"))
    assert result.accuracy == pytest.approx(4 / 6)
    a, b, c, never = result.classes
    assert a.rows == 3
    assert (a.precision, a.recall) == pytest.approx((2 / 3, 2 / 3))
    assert b.f1 == pytest.approx(0.5)
    assert c.f1 == 1.0
    assert never.f1 == 0.0
    assert result.macro_f1 == pytest.approx((2 / 3 + 0.5 + 1) / 3), "a class without rows must not count"
    assert result.ece == pytest.approx(0.8 - 4 / 6)


def test_calibration_error_weighs_bins_by_their_rows() -> None:
    confidence = np.array([1.0, 1.0, 1.0, 0.5])
    right = np.array([True, True, True, False])
    assert expected_calibration_error(confidence, right) == pytest.approx(0.5 / 4)
