from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.continual.rehearsal import from_sets, from_texts, sample_texts
from models.data import Corpus, Example
from models.text import text_key

TEXTS = st.lists(st.sampled_from([f"text {n}" for n in range(30)] + ["", "…", "TEXT 3!"]), max_size=60)


class Words:
    """A model that is as sure of a tone as its texts have exclamation marks."""

    model = "words@1"
    topics = ("macro", "markets")
    languages = ("en",)
    temperatures = (1.0, 1.0)
    training: dict[str, Any] = {}  # noqa: RUF012

    def logits(self, texts: Sequence[str]) -> tuple[Any, Any]:
        tone = np.array([[text.count("!"), 0, 0] for text in texts], np.float32)
        return tone, np.array([[0, 5] for _ in texts], np.float32)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [1 for _ in texts]


@given(TEXTS, st.integers(0, 20), st.randoms())
def test_a_sample_is_bounded_distinct_and_the_same_in_any_order(
    texts: list[str], rows: int, shuffle: random.Random
) -> None:
    mixed = list(texts)
    shuffle.shuffle(mixed)
    keys = [text_key(text) for text in sample_texts(texts, rows)]
    assert keys == [text_key(text) for text in sample_texts(mixed, rows)]
    assert len(keys) == len(set(keys)) == min(rows, len({text_key(text) for text in texts} - {""}))


@given(TEXTS, TEXTS)
def test_more_texts_only_push_others_out(texts: list[str], more: list[str]) -> None:
    before, after = (
        set(map(text_key, sample_texts(texts, 5))),
        set(map(text_key, sample_texts([*texts, *more], 5))),
    )
    assert after & {text_key(text) for text in texts} <= before


def test_texts_to_leave_out_are_left_out() -> None:
    assert sample_texts(["One.", "two"], 5, without={"one"}) == ["two"]


def test_texts_are_labelled_by_the_model_where_it_is_sure() -> None:
    texts = [f"text {n}" + "!" * (n % 2 * 4) for n in range(400)]
    rehearsal = from_texts(Words(), texts, rows=200)
    assert rehearsal.own_words
    parts = (rehearsal.train, rehearsal.dev, rehearsal.judged)
    topics = [sum(row.task == "topic" for row in part) for part in parts]
    assert topics == [150, 12, 38]
    tones = [row for part in parts for row in part if row.task == "tone"]
    assert all(row.text.endswith("!!!!") and row.label == 0 for row in tones)
    keys = [{row.key for row in part} for part in parts]
    assert not keys[0] & keys[1] and not keys[0] & keys[2] and not keys[1] & keys[2]


def example(n: int, source: str, label: int) -> Example:
    return Example(f"{source}-{n}", source, "tone", f"{source} {n}", f"{source} {n}", label)


def test_sets_are_rehearsed_in_proportion_and_rare_classes_not_forgotten() -> None:
    rows = [example(n, "big", n % 2) for n in range(900)] + [example(n, "small", 0) for n in range(99)]
    rows.append(example(0, "rare", 2))
    rehearsal = from_sets(Corpus(tuple(rows), tuple(rows[:10]), {}), rows=100, without={"big 0"})
    counts = Counter((row.source, row.label) for row in rehearsal.train)
    assert counts == {("big", 0): 45, ("big", 1): 45, ("small", 0): 10, ("rare", 2): 1}
    assert not rehearsal.own_words
    assert "big 0" not in {row.key for row in (*rehearsal.train, *rehearsal.dev)}
    few = from_sets(Corpus(tuple(rows), (), {}), rows=5000)
    assert few.train == tuple(rows)
