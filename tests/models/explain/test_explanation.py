from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.explain.explanation import Explanation, HeadExplanation, Word, log_odds, probability

ODDS = st.floats(-50, 50)


def head(attributions: tuple[float, ...], difference: float) -> HeadExplanation:
    return HeadExplanation(
        head="tone",
        label="positive",
        probability=0.9,
        baseline_probability=0.1,
        difference=difference,
        attributions=attributions,
    )


@given(st.lists(ODDS, max_size=20), ODDS)
def test_words_and_error_make_up_the_difference(values: list[float], difference: float) -> None:
    one = head(tuple(values), difference)
    assert sum(one.attributions) + one.completeness_error == pytest.approx(difference, abs=1e-9)


def test_relative_error() -> None:
    assert head((1.0, 2.0), 4.0).relative_error == pytest.approx(0.25)
    assert head((-1.0,), -2.0).relative_error == pytest.approx(0.5)
    assert head((), 0.0).relative_error == 0
    assert math.isinf(head((1.0,), 0.0).relative_error)


@given(st.lists(st.floats(-20, 20), min_size=2, max_size=6), st.data())
def test_log_odds_are_those_of_the_softmax(row: list[float], data: st.DataObject) -> None:
    label = data.draw(st.integers(0, len(row) - 1))
    shares = np.exp(np.array(row) - max(row))
    p = shares[label] / shares.sum()
    odds = log_odds(np.array([row]), label)[0]
    assert probability(odds) == pytest.approx(p, abs=1e-12)


def test_log_odds_tell_certainties_apart() -> None:
    """Where p rounds to 1, so that ln(p / (1 - p)) would be infinite."""
    assert log_odds(np.array([[90.0, 0.0], [100.0, 0.0]], np.float32), 0).tolist() == [90.0, 100.0]
    assert probability(-800.0) == 0.0


def test_as_json() -> None:
    explanation = Explanation(
        text="profit rose today",
        model="m",
        method="occlusion",
        baseline="the empty text",
        words=(Word("profit", 0, 6), Word("rose", 7, 11)),
        read=11,
        heads=(head((0.123456, -1.0), -0.5),),
    )
    found = explanation.to_dict()
    assert found["heads"][0]["words"][0] == {"text": "profit", "start": 0, "end": 6, "attribution": 0.1235}
    assert found["heads"][0]["completeness_error"] == pytest.approx(0.3765)
    assert explanation.head("tone") is explanation.heads[0]
    with pytest.raises(KeyError):
        explanation.head("topic")
