from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.settings import DetectorSettings
from pipeline.errors import TocsinError
from pipeline.records import SentimentMinute, SentimentRow
from pipeline.settings import Settings
from pipeline.worker.checkpoint import State
from pipeline.worker.detect import DetectCore
from pipeline.worker.metrics import Metrics

START = datetime(2023, 3, 1, tzinfo=UTC)
DAY = 1440


def minute(number: int, stories: int, negative: int) -> bytes:
    row = SentimentRow(
        key="overall", documents=stories, stories=stories, negative=negative, neutral=stories - negative,
        positive=0, negative_stories=negative, late=0, score_sum=0, score_sumsq=0, windows={},
    )  # fmt: skip
    at = START + timedelta(minutes=number)
    rows = (row,) if stories else ()
    return msgspec.json.encode(SentimentMinute(run="live", minute=at, revision=0, rows=rows))


def firing(metrics: Metrics) -> float:
    return sum(sample.value for metric in metrics.firing.collect() for sample in metric.samples)


def surging(core: DetectCore) -> list[bytes]:
    """Six ordinary days, then a burst of bad news; the alert events."""
    values = [minute(n, int(n % 10 == 0), int(n % 100 == 0)) for n in range(6 * DAY)]
    values += [minute(6 * DAY + n, 3, 3) for n in range(30)]
    return [record.value or b"" for value in values for record in core.apply(value)]


def test_what_fires_is_shown_also_by_whoever_takes_over() -> None:
    metrics = Metrics()
    core = DetectCore(Settings(), (), metrics)
    core.load(None)
    assert surging(core) and firing(metrics) == 1
    head, segments = core.save()

    successor = Metrics()
    taken = DetectCore(Settings(), (), successor)
    taken.load(State(position=1, head=head, segments=dict(segments)))
    assert firing(successor) == 1
    quiet = [taken.apply(minute(6 * DAY + 30 + n, 0, 0)) for n in range(DAY)]
    assert any(quiet)
    assert firing(successor) == 0


def test_a_minute_seen_before_and_an_amendment_raise_nothing() -> None:
    core = DetectCore(Settings(), (), Metrics())
    core.load(None)
    surging(core)
    assert core.apply(minute(6 * DAY + 29, 3, 3)) == []
    amendment = msgspec.json.decode(minute(6 * DAY + 30, 9, 9), type=SentimentMinute)
    assert core.apply(msgspec.json.encode(msgspec.structs.replace(amendment, revision=1))) == []


def test_state_of_other_windows_is_refused_with_what_to_do() -> None:
    core = DetectCore(Settings(), (), Metrics())
    core.load(None)
    core.apply(minute(0, 1, 1))
    head, _ = core.save()
    other = DetectCore(Settings(detector=DetectorSettings(windows=(5, 15))), (), Metrics())
    with pytest.raises(TocsinError, match=r"detector\.windows"):
        other.load(State(position=1, head=head, segments={}))
