"""A silent feed through the detect stage, killed and resumed on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from alerts.events import AlertEvent
from pipeline.records import SentimentMinute
from pipeline.settings import Settings
from pipeline.worker.checkpoint import State
from pipeline.worker.detect import DetectCore
from pipeline.worker.metrics import Metrics

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
LEARNT = 3 * 1440
SILENT = range(LEARNT + 600, LEARNT + 690)


def minutes() -> list[SentimentMinute]:
    """Two documents a minute for three days and a half, and an hour and a half of nothing."""
    return [
        SentimentMinute(
            run="live",
            minute=MONDAY + timedelta(minutes=at),
            revision=0,
            rows=(),
            sources={} if at in SILENT else {"Wire One": 2},
        )
        for at in range(SILENT.stop + 3)
    ]


def heard(core: DetectCore, told: list[SentimentMinute]) -> list[AlertEvent]:
    return [
        msgspec.json.decode(out.value, type=AlertEvent)
        for minute in told
        for out in core.apply(msgspec.json.encode(minute))
        if out.value
    ]


def fresh(metrics: Metrics | None = None) -> DetectCore:
    core = DetectCore(Settings(), ["financials"], metrics or Metrics())
    core.load(None)
    return core


def test_a_silent_feed_rings_and_a_worker_that_takes_over_goes_on_with_it() -> None:
    told = minutes()
    cut = SILENT.start + 50
    metrics = Metrics()
    first = fresh(metrics)
    events = heard(first, told[:cut])
    assert [(event.key, event.reason) for event in events][:1] == [("feed/all", "fired")]
    assert metrics.registry.get_sample_value("tocsin_feed_gap") == 1
    assert (
        metrics.registry.get_sample_value("tocsin_feed_silence_seconds", {"feed": "feed/all"}) or 0
    ) >= 2640
    head, _ = first.save()
    second = fresh()
    second.load(State(position=0, head=head, segments={}))
    events += heard(second, told[cut:])
    assert events[-1].reason == "resolved"
    assert events == heard(fresh(), told)
