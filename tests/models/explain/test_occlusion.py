from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.explain.occlusion import occlude, read_length

WEIGHTS = {"soars": 3.0, "rises": 1.0, "but": -0.5, "the": 0.0, "falls": -2.0}
LABELS = {"tone": ("down", "up")}


def additive(texts: Sequence[str]) -> Mapping[str, npt.NDArray[np.floating[Any]]]:
    """A model whose log-odds of `up` are the sum of its words' weights."""
    up = [sum(WEIGHTS.get(word, 0.25) for word in text.split()) for text in texts]
    return {"tone": np.array([[0.0, value] for value in up])}


@given(st.lists(st.sampled_from([*WEIGHTS, "other"]), max_size=20))
def test_an_additive_model_is_explained_to_the_word(words: list[str]) -> None:
    spans, (head,) = occlude(" ".join(words), additive, LABELS)
    sign = 1 if head.label == "up" else -1
    assert list(head.attributions) == pytest.approx([sign * WEIGHTS.get(word, 0.25) for word in words])
    assert head.completeness_error == pytest.approx(0, abs=1e-9)
    assert len(spans) == len(words)


def test_what_words_say_only_together_is_the_error() -> None:
    def both(texts: Sequence[str]) -> Mapping[str, npt.NDArray[np.floating[Any]]]:
        return {
            "tone": np.array([[0.0, 4.0 if {"not", "bad"} <= set(text.split()) else 0.0] for text in texts])
        }

    _, (head,) = occlude("not bad", both, LABELS)
    assert (head.label, head.difference, head.attributions) == ("up", 4.0, (4.0, 4.0))
    assert head.completeness_error == -4.0


@pytest.mark.parametrize("words", [0, 1, 7, 8, 9, 100, 1000])
def test_a_long_text_asks_no_more_than_the_limit(words: int) -> None:
    asked: list[str] = []

    def answer(texts: Sequence[str]) -> Mapping[str, npt.NDArray[np.floating[Any]]]:
        asked.extend(texts)
        return additive(texts)

    spans, (head,) = occlude("rises " * words, answer, LABELS, limit=8)
    assert len(asked) <= 8 + 2
    assert sum(head.attributions) == pytest.approx(words)
    assert len(head.attributions) == len(spans)


def test_how_far_a_model_reads() -> None:
    def count(texts: Sequence[str]) -> list[int]:
        return [min(len(text.split()), 3) + 2 for text in texts]

    assert read_length("one two three four five", count) == len("one two three")
    assert read_length("one two three", count) == len("one two three")
    assert read_length("one  ", count) == 3
    assert read_length(" ", count) == 1
