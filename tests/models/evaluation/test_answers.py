from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.data import Corpus, Example
from models.errors import ModelError
from models.evaluation.answers import answer, judge
from models.serving.classifier import Classifier
from models.taxonomy import topic_ids
from models.text import text_key
from tests.models.evaluation.conftest import MakeModel, row


def test_guesses_are_those_that_are_served(tiny_served: Path, tiny_corpus: Corpus) -> None:
    classifier = Classifier.load(tiny_served, threads=1)
    for task in ("tone", "topic"):
        rows = [example for example in tiny_corpus.train if example.task == task]
        done: list[int] = []
        answers = answer(classifier, rows, done.append)
        scores = classifier.classify([example.text for example in rows])
        served = (scores.tone, scores.tones.max(axis=1)) if task == "tone" else (scores.topic, scores.p_topic)
        assert (answers.served.guesses == served[0]).all()
        assert answers.served.confidence * 1000 == pytest.approx(served[1], abs=0.5001)
        assert sum(done) == len(answers) == len(rows)
        assert answers.tokens.tolist() == classifier.token_counts([example.text for example in rows])


logits = arrays(np.float32, (7, 3), elements=st.floats(-20, 20, width=32))


@settings(deadline=None)
@given(logits, st.floats(0.2, 5))
def test_a_class_that_the_set_lacks_is_never_said(values: np.ndarray, temperature: float) -> None:
    allowed = np.tile([True, False, True], (7, 1))
    judged = judge(values, allowed, temperature)
    assert set(judged.guesses) <= {0, 2}
    assert (judged.confidence >= 0.499).all(), "of two classes the likelier has half, before rounding"
    two = judge(values[:, [0, 2]], np.ones((7, 2), np.bool_), temperature)
    assert judged.confidence == pytest.approx(two.confidence, abs=0.002)


@settings(deadline=None)
@given(logits, st.permutations(range(7)))
def test_rows_are_judged_alone(values: np.ndarray, order: list[int]) -> None:
    allowed = np.ones((7, 3), np.bool_)
    together, shuffled = judge(values, allowed, 1.3), judge(values[order], allowed, 1.3)
    assert (together.guesses[order] == shuffled.guesses).all()
    assert (together.confidence[order] == shuffled.confidence).all()


def test_temperature_changes_confidence_only(word_model: MakeModel, tone_rows: tuple[Example, ...]) -> None:
    answers = answer(word_model(), tone_rows)
    assert answers.temperature == 2.0
    assert (answers.served.guesses == answers.raw.guesses).all()
    assert (answers.served.confidence < answers.raw.confidence).all()


def test_topics_in_another_order_are_the_same_topics(word_model: MakeModel) -> None:
    texts = {"oil": topic_ids().index("energy_oil"), "ipo": topic_ids().index("ipo")}
    rows = [
        Example(name, "own", "topic", topic_ids()[label], text_key(name), label)
        for name, label in texts.items()
    ]
    turned = word_model(topics=topic_ids()[::-1])
    answers = answer(turned, rows, topics=topic_ids())
    assert answers.served.guesses.tolist() == list(texts.values())
    with pytest.raises(ModelError, match="measure its tones only"):
        answer(word_model(topics=("ships", "rates")), rows, topics=topic_ids())


def test_what_cannot_be_measured_is_said(word_model: MakeModel, tone_rows: tuple[Example, ...]) -> None:
    model = word_model()
    with pytest.raises(ModelError, match="no rows to measure"):
        answer(model, [])
    with pytest.raises(ModelError, match=r"all 2 rows are labelled 'neutral'.*add rows of another"):
        answer(model, [row(1, "x", "neutral"), row(2, "y", "neutral")])
    with pytest.raises(ModelError, match="mix tones and topics"):
        answer(model, [tone_rows[0], replace(tone_rows[1], task="topic")])
    with pytest.raises(ModelError, match="number 44"):
        answer(model, [tone_rows[0], replace(tone_rows[1], label=44)])


def test_some_rows_of_the_answers(word_model: MakeModel, tone_rows: tuple[Example, ...]) -> None:
    some = answer(word_model(), tone_rows).select([3, 5, 8])
    assert some.examples == tuple(tone_rows[i] for i in (3, 5, 8))
    assert (some.served.guesses == answer(word_model(), some.examples).served.guesses).all()
