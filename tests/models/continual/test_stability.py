from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.continual.stability import chance_level, population_stability

COUNTS = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=2, max_size=20)


@given(COUNTS)
def test_it_is_symmetric_finite_and_never_negative(pairs: list[tuple[int, int]]) -> None:
    before, after = [a for a, _ in pairs], [b for _, b in pairs]
    index = population_stability(before, after)
    assert 0 <= index < 100
    assert index == pytest.approx(population_stability(after, before))
    assert population_stability(before, before) == 0


@given(COUNTS, st.randoms())
def test_the_order_of_classes_does_not_matter(pairs: list[tuple[int, int]], shuffle: random.Random) -> None:
    mixed = list(pairs)
    shuffle.shuffle(mixed)
    index = [population_stability([a for a, _ in each], [b for _, b in each]) for each in (pairs, mixed)]
    assert index[0] == pytest.approx(index[1])


def test_a_known_value() -> None:
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5), but for half a document each
    assert population_stability([5_000_000, 5_000_000], [6_000_000, 4_000_000]) == pytest.approx(
        0.040547, abs=1e-5
    )


def test_samples_of_one_population_stay_below_the_chance_level_99_times_of_100() -> None:
    rng = random.Random(5)
    weights = [5, 10, 20, 30, 35]

    def sample(size: int) -> list[int]:
        drawn = rng.choices(range(5), weights, k=size)
        return [drawn.count(each) for each in range(5)]

    above = 0
    for _ in range(1500):
        reference, day = sample(800), sample(200)
        above += population_stability(reference, day) > chance_level(reference, day)
    assert 2 <= above <= 35


def test_nothing_to_compare_is_no_evidence() -> None:
    assert chance_level([0, 0], [100, 200]) == float("inf")
    assert chance_level([100, 100], [10, 19]) == float("inf")
    assert chance_level([300, 0], [100, 0]) == 0.0
