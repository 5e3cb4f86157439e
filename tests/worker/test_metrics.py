"""What Prometheus sees: names and units of the field, bounded labels, and nothing of what another exports."""

from __future__ import annotations

import re

from prometheus_client import generate_latest

from pipeline.records import Window
from pipeline.worker.metrics import Metrics

WINDOW = Window(documents=4, mean=-0.25, negative_share=0.5, negative_share_se=0.2)


def test_names_are_the_fields_own() -> None:
    metrics = Metrics()
    names = {each.name: each.type for each in metrics.registry.collect() if each.name.startswith("tocsin_")}
    assert names
    for name, kind in names.items():
        assert re.fullmatch(r"tocsin_[a-z_]+", name), name
        assert not re.search(r"milli|micro|_ms|_percent|_minutes_seconds", name), name
        if kind == "histogram" and "seconds" not in name:
            assert name.endswith("_documents"), f"{name} has no unit"


def test_every_metric_says_what_it_is() -> None:
    assert all(
        each.documentation.endswith(".")
        for each in Metrics().registry.collect()
        if each.name.startswith("tocsin_") and each.type != "info"
    )


def test_sentiment_is_shown_and_forgotten_with_the_partition() -> None:
    metrics = Metrics()
    metrics.show_sentiment("financials", {"5m": WINDOW})
    metrics.firing.labels("financials", "watch").set(1)
    told = generate_latest(metrics.registry).decode()
    assert 'tocsin_sentiment_score_ratio{key="financials",window="5m"} -0.25' in told
    assert 'tocsin_window_documents{key="financials",window="5m"} 4.0' in told
    metrics.forget_sentiment()
    assert "financials" not in generate_latest(metrics.registry).decode()


def test_two_workers_in_one_process_do_not_share() -> None:
    first, second = Metrics(), Metrics()
    first.classified.inc()
    assert second.registry.get_sample_value("tocsin_classified_documents_total") == 0
