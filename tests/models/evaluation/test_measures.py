import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.measures import accuracy, confusion, figures, macro_f1, resampled_confusion

rows_of_three = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


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


def test_a_class_that_is_only_guessed_lowers_precision_alone() -> None:
    result = figures(np.array([0, 0]), np.array([0, 1]), np.full(2, 0.5), ("a", "b"))
    assert result.macro_f1 == pytest.approx(2 / 3)
    assert result.classes[1].precision == result.classes[1].recall == 0.0


@settings(deadline=None)
@given(rows_of_three, st.randoms(), st.permutations(range(3)))
def test_neither_the_order_of_rows_nor_that_of_classes_matters(rows, random, renamed) -> None:
    labels, guesses = np.array(rows).T
    before = confusion(labels, guesses, 3)
    shuffled = list(rows)
    random.shuffle(shuffled)
    labels, guesses = np.array(renamed)[np.array(shuffled).T]
    after = confusion(labels, guesses, 3)
    assert accuracy(after) == pytest.approx(float(accuracy(before)))
    assert macro_f1(after) == pytest.approx(float(macro_f1(before)))


@settings(deadline=None)
@given(rows_of_three)
def test_figures_are_shares_and_one_when_all_is_right(rows) -> None:
    labels, guesses = np.array(rows).T
    matrix = confusion(labels, guesses, 3)
    assert matrix.sum() == len(rows)
    assert 0 <= accuracy(matrix) <= 1
    assert 0 <= macro_f1(matrix) <= 1
    right = confusion(labels, labels, 3)
    assert accuracy(right) == macro_f1(right) == 1


@settings(deadline=None)
@given(rows_of_three, st.integers(0, 2**32 - 1))
def test_many_resamples_count_like_each_alone(rows, seed) -> None:
    labels, guesses = np.array(rows).T
    draws = np.random.default_rng(seed).integers(0, len(rows), (4, len(rows)))
    matrices = resampled_confusion(labels, guesses, draws, 3)
    for drawn, matrix in zip(draws, matrices, strict=True):
        assert (matrix == confusion(labels[drawn], guesses[drawn], 3)).all()
    assert macro_f1(matrices).shape == accuracy(matrices).shape == (4,)
