from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.records import ScoredDocument
from pipeline.settings import DriftSettings, Settings
from pipeline.worker.drift import Drift
from pipeline.worker.metrics import Metrics
from tests.keyword_classifier import KeywordClassifier
from tests.records import START, document


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def documents(day: int, tone: str, count: int = 60) -> list[ScoredDocument]:
    return [
        document(id=f"{day}-{n}", tone=tone, published_at=START + timedelta(days=day, minutes=n))
        for n in range(count)
    ]


def settings_for(folder: Path, **changes: Any) -> Settings:
    return Settings(state_dir=folder, drift=DriftSettings(reference_days=1), **changes)


def shown(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tocsin_model_{name}", labels)


def test_the_latest_day_is_exported(tmp_path: Path) -> None:
    metrics = Metrics()
    drift = Drift(settings_for(tmp_path), KeywordClassifier(), metrics)
    drift.learn(documents(0, "negative"))
    assert shown(metrics, "day_documents") == 60
    assert shown(metrics, "confidence_mean_ratio", what="tone") == pytest.approx(0.95)
    assert shown(metrics, "population_stability_ratio", what="tone") is None
    drift.learn(documents(1, "positive"))
    index = shown(metrics, "population_stability_ratio", what="tone")
    chance = shown(metrics, "population_stability_chance_ratio", what="tone")
    assert index is not None and chance is not None and index > max(0.25, chance)
    assert shown(metrics, "population_stability_ratio", what="topic") == 0
    assert shown(metrics, "answers_total", what="tone", answer="negative") == 60
    assert shown(metrics, "answers_total", what="topic", answer="financials") == 120


def test_counts_outlive_a_worker_but_not_its_model(tmp_path: Path) -> None:
    first = Drift(settings_for(tmp_path), KeywordClassifier(), Metrics())
    first.learn(documents(0, "negative"))
    first.save()

    metrics = Metrics()
    Drift(settings_for(tmp_path), KeywordClassifier(), metrics).learn(documents(1, "positive"))
    assert shown(metrics, "population_stability_ratio", what="tone") is not None

    class Promoted(KeywordClassifier):
        model = "keywords@2"

    metrics = Metrics()
    Drift(settings_for(tmp_path), Promoted(), metrics).learn(documents(1, "positive"))
    assert shown(metrics, "population_stability_ratio", what="tone") is None


def test_counts_are_kept_once_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    drift = Drift(settings_for(tmp_path), KeywordClassifier(), Metrics(), clock)
    drift.learn(documents(0, "negative"))
    assert not (tmp_path / "drift.json").exists()
    clock.now = 61.0
    drift.learn(documents(0, "negative", count=1))
    kept = json.loads((tmp_path / "drift.json").read_text())
    assert sum(kept["counts"]["days"].popitem()[1]["counts"]["tone"]) == 61


@pytest.mark.parametrize(
    "content", ["", "[]", '{"model": "keywords@1", "counts": {"topics": ["a"], "days": {}}}']
)
def test_a_damaged_file_does_not_stand_in_the_way(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "drift.json").write_text(content)
    metrics = Metrics()
    drift = Drift(settings_for(tmp_path), KeywordClassifier(), metrics)
    assert "counted anew" in caplog.text
    drift.learn(documents(0, "negative"))
    assert shown(metrics, "day_documents") == 60


def test_a_folder_that_is_gone_does_not_stand_in_the_way(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drift = Drift(settings_for(tmp_path / "gone"), KeywordClassifier(), Metrics())
    drift.save()
    assert "not kept" in caplog.text


def test_a_replay_keeps_nothing(tmp_path: Path) -> None:
    drift = Drift(settings_for(tmp_path, run="lehman"), KeywordClassifier(), Metrics())
    drift.learn(documents(0, "negative"))
    drift.save()
    assert not list(tmp_path.iterdir())
