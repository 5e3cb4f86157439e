import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.data import Example
from models.errors import ModelError
from models.evaluation.answers import Answers, Judgement
from models.evaluation.comparison import compare
from models.evaluation.wording import all_in_words, in_words, p_words

NAMES = ("negative", "neutral", "positive")


def answers(labels: np.ndarray, guesses: np.ndarray) -> Answers:
    examples = tuple(
        Example(str(i), "own", "tone", str(i), str(i), int(label)) for i, label in enumerate(labels)
    )
    judged = Judgement(guesses, np.full(len(labels), 0.9))
    return Answers(examples, "tone", NAMES, labels, np.full(len(labels), 8), 1.0, judged, judged)


def pair(n: int, wrong_a: int, wrong_b: int, *, shared: int = 0) -> tuple[Answers, Answers]:
    """A is wrong about the first rows, B about those after the ones they share."""
    labels = np.arange(n) % 3
    by_a, by_b = labels.copy(), labels.copy()
    by_a[:wrong_a] = (by_a[:wrong_a] + 1) % 3
    begin = wrong_a - shared
    by_b[begin : begin + wrong_b] = (by_b[begin : begin + wrong_b] + 1) % 3
    return answers(labels, by_a), answers(labels, by_b)


def test_a_better_model_is_called_better_and_the_other_way_round_worse() -> None:
    a, b = pair(1000, 120, 60, shared=40)
    (found,) = compare({"own": (a, b)})
    assert (found.only_a, found.only_b) == (20, 80)
    assert found.accuracy.value == pytest.approx(0.06)
    assert found.accuracy.interval.low < 0.06 < found.accuracy.interval.high
    assert found.verdict == "better"
    assert in_words(found).startswith("B is better: +6.0 points [")
    assert "McNemar p < .001" in in_words(found)
    (turned,) = compare({"own": (b, a)})
    assert turned.verdict == "worse"
    assert turned.accuracy.value == pytest.approx(-0.06)
    assert turned.accuracy.p_value == found.accuracy.p_value


def test_few_rows_show_nothing_and_say_what_they_would_show() -> None:
    (found,) = compare({"own": pair(100, 10, 8, shared=4)})
    assert found.verdict == "no difference"
    assert in_words(found).startswith("no difference that this many rows can show; the smallest difference")
    assert 0.05 < found.smallest < 0.15


def test_a_model_is_not_better_than_itself() -> None:
    a, _ = pair(200, 30, 0)
    (found,) = compare({"own": (a, a)})
    assert (found.accuracy.interval.low, found.accuracy.interval.high) == (0, 0)
    assert found.accuracy.p_value == found.macro_f1.p_value == 1
    assert found.verdict == "no difference"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, by_a, by_b = random.integers(0, 3, (3, 60))
    order = random.permutation(60)
    first = compare({"own": (answers(labels, by_a), answers(labels, by_b))}, resamples=200)
    second = compare(
        {"own": (answers(labels[order], by_a[order]), answers(labels[order], by_b[order]))}, resamples=200
    )
    assert first == second


def test_several_sets_are_adjusted_and_pooled() -> None:
    pairs = {"one": pair(400, 20, 8), "two": pair(400, 20, 8), "three": pair(200, 10, 10)}
    *sets, overall = compare(pairs)
    assert [one.name for one in sets] == ["one", "two", "three"]
    for one in sets:
        assert one.accuracy.adjusted >= one.accuracy.p_value
    assert sets[0].accuracy.adjusted == pytest.approx(3 * sets[0].accuracy.p_value)
    assert overall.name == "overall"
    assert overall.rows == 1000
    assert (overall.only_a, overall.only_b) == (26, 50)
    assert overall.accuracy.value == pytest.approx(24 / 1000)
    assert overall.macro_f1.b == pytest.approx(np.mean([one.macro_f1.b for one in sets]))
    assert overall.accuracy.adjusted == overall.accuracy.p_value
    assert overall.verdict == "better"


def test_sets_that_say_otherwise_than_all_together_are_named() -> None:
    better, worse = pair(300, 40, 10), pair(300, 10, 40)
    found = compare({"one": better, "two": worse})
    assert found[-1].verdict == "no difference"
    assert all_in_words(found).startswith("Overall: no difference")
    assert all_in_words(found).endswith("; B is better on one; B is worse on two")
    assert all_in_words(found[:1]) == in_words(found[0])


def test_accuracy_and_macro_f1_may_differ_and_both_are_said() -> None:
    # B gives up the rare class for the common one.
    labels = np.array([1] * 900 + [0] * 50 + [2] * 50)
    by_a, by_b = labels.copy(), labels.copy()
    by_a[:100] = 0
    by_b[900:950] = 1
    (found,) = compare({"own": (answers(labels, by_a), answers(labels, by_b))})
    assert found.accuracy.verdict == found.verdict == "better"
    assert found.macro_f1.verdict == "worse"
    assert "better in accuracy" in in_words(found)
    assert "worse in macro-F1" in in_words(found)


def test_other_rows_cannot_be_compared() -> None:
    with pytest.raises(ModelError, match="different rows"):
        compare({"own": (pair(10, 1, 1)[0], pair(12, 1, 1)[0])})
    with pytest.raises(ModelError, match="no sets"):
        compare({})


@pytest.mark.parametrize(
    ("p", "words"), [(0.5, "p = .5"), (0.0123, "p = .012"), (0, "p < .001"), (1, "p = 1")]
)
def test_p_values_are_printed_as_papers_do(p: float, words: str) -> None:
    assert p_words(p) == words
