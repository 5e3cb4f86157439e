from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipeline.feeds import MOST_A_MINUTE, Sources, by_source
from pipeline.tally import source_hash


def count(told: list[tuple[int, str]]) -> dict[int, dict[str, int]]:
    """Documents by minute and name, of a minute and a source each."""
    sources = Sources()
    sources.hear({source_hash(name): name for _, name in told})
    minutes = np.array([minute for minute, _ in told], np.int64)
    hashes = np.array([source_hash(name) for _, name in told], np.int64)
    return {minute: sources.named(counts) for minute, counts in by_source(minutes, hashes).items()}


def test_documents_are_counted_by_minute_and_name() -> None:
    assert count([(5, "b"), (5, "a"), (7, "a"), (5, "b")]) == {5: {"a": 1, "b": 2}, 7: {"a": 1}}
    assert count([]) == {}


def test_a_name_that_was_not_told_is_its_hash() -> None:
    assert Sources().named({source_hash("a"): 2}) == {f"{source_hash('a'):016x}": 2}


def test_a_minute_names_the_busiest_and_adds_up_the_rest() -> None:
    names = [f"s{n:04}" for n in range(MOST_A_MINUTE + 9)]
    counts = count([*((5, name) for name in names), *[(5, "busy")] * 3])[5]
    assert len(counts) == MOST_A_MINUTE + 1
    assert counts["busy"] == 3
    assert counts[""] == 10
    assert list(counts) == sorted(counts)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc"))), st.integers())
def test_the_order_of_rows_has_no_say(told: list[tuple[int, str]], seed: int) -> None:
    shuffled = random.Random(seed).sample(told, len(told))
    assert count(told) == count(shuffled)
