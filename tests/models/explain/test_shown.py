from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.explain import Explanation
from models.explain.shown import about, completeness, heaviest_first, marks, printable, signed


def test_words_are_marked_by_weight(explanation: Explanation) -> None:
    found = marks(explanation, explanation.heads[0])
    assert [mark.side for mark in found] == ["for", "", "against", "for", ""]
    assert [mark.sign for mark in found] == ["+", "", "−", "+", ""]
    assert [mark.weight for mark in found] == pytest.approx([0.5, 0.0025, 0.25, 1.0, 0.0])
    assert [mark.text for mark in heaviest_first(found)] == ["double", "profit", "not", "did", "<b>Ann</b>"]


def test_completeness_is_said_in_numbers(explanation: Explanation) -> None:
    assert completeness(explanation.heads[0]) == (
        "The words sum to +5.01, the difference is +5.00: completeness error 0.010 (0.2%), 64 steps."
    )
    assert "every token replaced by [PAD]" in about(explanation)


def test_occlusion_says_what_its_error_is(explanation: Explanation) -> None:
    assert completeness(replace(explanation.heads[0], steps=0)) == (
        "The words sum to +5.01, the difference is +5.00: completeness error −0.01, since words also speak "
        "together."
    )


@given(st.floats(-1e3, 1e3))
def test_signs(value: float) -> None:
    said = signed(value)
    assert float(said.replace("−", "-")) == round(value, 2)
    assert said[0] in "+−" or said == "0.00"


@given(st.text())
def test_nothing_steers_a_terminal(text: str) -> None:
    assert not set(printable(text)) & {
        *map(chr, range(32)),
        *map(chr, range(127, 160)),
        *"\u202e\u2066\u200e",
    }
    assert len(printable(text)) == len(text)
