from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.significance import holm, mcnemar, smallest_difference

few = st.integers(0, 40)
p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("only_a", "only_b", "p"),
    [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (0, 6, 0.03125), (1, 9, 0.021484375), (2, 10, 0.03857421875)],
)
def test_known_values(only_a: int, only_b: int, p: float) -> None:
    assert mcnemar(only_a, only_b) == pytest.approx(p)


@settings(deadline=None)
@given(few, few)
def test_it_is_the_binomial_tail_and_does_not_ask_which_model_is_which(a: int, b: int) -> None:
    tail = sum(comb(a + b, k) for k in range(min(a, b) + 1)) / 2 ** (a + b)
    assert mcnemar(a, b) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(a, b) == mcnemar(b, a)


def test_thousands_of_rows_are_no_trouble() -> None:
    assert 0 < mcnemar(4800, 5200) < 1e-4
    assert mcnemar(0, 20_000) == 0.0, "smaller than any float"


@settings(deadline=None)
@given(p_values)
def test_holm_only_raises_keeps_the_order_and_stays_below_bonferroni(values: list[float]) -> None:
    adjusted = holm(values)
    for p, q in zip(values, adjusted, strict=True):
        assert p <= q <= min(1.0, len(values) * p) + 1e-12
    ranked = [q for _, q in sorted(zip(values, adjusted, strict=True))]
    assert ranked == sorted(ranked)


def test_holm_of_one_is_itself() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


@settings(deadline=None)
@given(st.integers(10, 20_000), st.floats(0, 1))
def test_more_rows_show_smaller_differences(rows: int, share: float) -> None:
    small, large = (
        smallest_difference(rows, int(share * rows)),
        smallest_difference(4 * rows, int(share * rows) * 4),
    )
    assert 0 < large <= small <= 1


def test_it_agrees_with_the_sample_size_it_comes_from() -> None:
    # 20 % discordant, 5 points: n = (1.96 √.2 + .8416 √(.2 − .0025))² / .0025 = 625.8
    assert smallest_difference(626, 125) == pytest.approx(0.05, abs=0.0005)
