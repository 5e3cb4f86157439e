from pathlib import Path

import pytest

from models.data import Corpus
from models.evaluation.evaluate import evaluate
from models.evaluation.rows import Rows, choose_rows
from models.serving.classifier import Classifier


def test_a_served_model_is_measured_on_both_heads(tiny_served: Path, tiny_corpus: Corpus) -> None:
    sets = {
        "tones": tuple(example for example in tiny_corpus.train if example.task == "tone"),
        "topics": tuple(example for example in tiny_corpus.train if example.task == "topic"),
    }
    classifier = Classifier.load(tiny_served, threads=1)
    report = evaluate(classifier, Rows(sets, classifier.topics))
    tones, topics = report.sets
    assert report.model.startswith("tiny-1@")
    assert tones.figures.accuracy >= 0.9
    assert [c.name for c in topics.figures.classes if c.rows] == ["earnings", "energy_oil", "ipo"]
    assert (tones.temperature, topics.temperature) == classifier.temperatures


@pytest.mark.data
def test_the_preset_reaches_its_bars_on_rows_it_never_saw(english: Classifier, data: Path) -> None:
    report = evaluate(english, choose_rows([], [english]))
    figures = {one.name: one.figures for one in report.sets}
    assert figures["fpb"].accuracy >= 0.84
    assert figures["fpb_all_agree"].accuracy >= 0.93
    assert figures["tfn_topic"].accuracy >= 0.88
    assert figures["tfn_sentiment"].accuracy >= 0.86
    # Not of the rows all agreed on: they were chosen for being easy, so it is right more often than it says.
    assert max(figures[name].ece for name in ("fpb", "tfn_sentiment", "tfn_topic")) <= 0.06
