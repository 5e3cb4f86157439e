"""Combinations of watchlists in rows, and the pairs that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import watching
from pipeline.watching import Combinations

combinations = st.sets(st.sampled_from(("banks", "oil", "tech", "west")), min_size=1).map(
    lambda names: tuple(sorted(names))
)


@given(st.lists(st.one_of(st.just(()), combinations), max_size=30))
def test_each_row_is_paired_with_each_of_its_watchlists(rows: list[tuple[str, ...]]) -> None:
    known = Combinations()
    watched = tuple(dict.fromkeys(row for row in rows if row))
    numbers = known.numbers(watched)
    index = {row: at for at, row in enumerate(((), *watched))}
    watch = numbers[[index[row] for row in rows]] if rows else np.empty(0, np.uint16)
    pairs = known.spread(watch)
    told = [(int(row), pairs.keys[key]) for row, key in zip(pairs.row, pairs.key, strict=True)]
    assert told == [(at, f"watch.{name}") for at, row in enumerate(rows) for name in row]
    assert [known.keys(number) for number in watch.tolist()] == [
        tuple(f"watch.{name}" for name in row) for row in rows
    ]


def test_numbers_stay_whatever_order_tallies_name_them_in() -> None:
    known = Combinations([("banks",)])
    assert known.numbers((("oil",), ("banks",))).tolist() == [0, 2, 1]
    assert known.numbers((("banks",), ("oil",))).tolist() == [0, 1, 2]
    assert known.known == [("banks",), ("oil",)]


def test_too_many_combinations_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST", 1)
    known = Combinations([("banks",)])
    with pytest.raises(ValueError, match="name fewer watchlists"):
        known.numbers((("oil",),))
