"""The model of the tree in a replay: what it says of a text follows from the text alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from models.serving.classifier import Classifier
from pipeline.demo.feed import read_feed
from pipeline.replay import replay_offline, summarise
from pipeline.score_cache import CachedClassifier, ScoreCache
from pipeline.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DOCUMENTS = 120


def test_batches_and_kept_scores_change_nothing(tmp_path: Path) -> None:
    whole = read_feed(NOW)
    history = replace(whole, documents=whole.documents[:DOCUMENTS], rows=whole.rows[:DOCUMENTS])
    model = Classifier.load("en")
    cached = CachedClassifier(model, ScoreCache(tmp_path / "scores.sqlite", print))

    def digest(classifier: Classifier | CachedClassifier, batch: int) -> str:
        result = replay_offline(history, classifier, Settings(), run="model", now=NOW, batch=batch)
        assert result.model == model.model
        assert result.scored + result.duplicate == DOCUMENTS
        return summarise(result).digest

    assert len({digest(model, 1024), digest(model, 13), digest(cached, 50), digest(cached, 1024)}) == 1
    assert cached.hits >= DOCUMENTS
