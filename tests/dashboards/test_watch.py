"""Watching a run: counts, speed, and what is said without a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import structs

from alerts.events import AlertEvent
from dashboards.watch import PlainWatch, RunWatch
from pipeline.records import SentimentMinute, SentimentRow, Window

START = datetime(2023, 3, 9, 23, 58, tzinfo=UTC)
EMPTY = Window(documents=0, mean=0.0, negative_share=0.0, negative_share_se=0.0)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def minute(offset: int, *, final: bool = False, revision: int = 0) -> SentimentMinute:
    row = SentimentRow(
        key="overall",
        documents=1,
        stories=1,
        negative=1,
        neutral=0,
        positive=0,
        negative_stories=1,
        late=0,
        score_sum=-900,
        score_sumsq=810_000,
        windows={"5m": EMPTY, "1h": EMPTY, "24h": EMPTY},
    )
    return SentimentMinute(
        run="demo",
        minute=START + timedelta(minutes=offset),
        revision=revision,
        final=final,
        rows=() if final else (row,),
    )


def fired(seq: int = 0) -> AlertEvent:
    return AlertEvent(
        id="a",
        seq=seq,
        run="demo",
        key="overall",
        kind="negative_surge",
        severity="warning",
        state="firing",
        reason="fired" if seq == 0 else "updated",
        started_at=START,
        detected_at=START + timedelta(minutes=1),
        resolved_at=None,
        window_minutes=10,
        observed=6,
        expected=0.5,
        observed_share=1.0,
        expected_share=0.3,
        surprise=6.0,
        threshold=4.0,
        evidence=(),
    )


def test_speed_is_that_between_first_and_last_document() -> None:
    clock = Clock()
    watch = RunWatch("demo", 30, {"overall": "All topics"}, clock)
    clock.now = 5.0
    watch.scored(10)
    assert watch.view().rate is None
    clock.now = 7.0
    watch.scored(10)
    clock.now = 1000.0
    watch.rejected(1)
    view = watch.view()
    assert (view.documents, view.rejected, view.lag, view.rate) == (20, 1, 9, 10.0)


def test_a_picture_holds_minutes_and_alerts() -> None:
    watch = RunWatch("demo", labels={"overall": "All topics"})
    watch.minute(minute(0))
    watch.alert(fired())
    view = watch.view()
    assert (view.at, view.topics[0].label, view.alerts) == (
        START + timedelta(minutes=1),
        "All topics",
        (fired(),),
    )


def test_the_height_is_the_board_a_window_after_the_most_surprising_alert() -> None:
    watch = RunWatch("demo", 9)
    watch.minute(minute(0))
    assert watch.height() == watch.view()
    for offset in range(1, 30):
        watch.minute(minute(offset))
    watch.alert(fired())
    resolved = structs.replace(fired(seq=1), state="resolved", resolved_at=START + timedelta(hours=1))
    watch.alert(resolved)
    height = watch.height()
    assert height.at == fired().detected_at + timedelta(minutes=10)
    assert (height.documents, height.lag) == (11, 0)
    assert height.alerts == (fired(),)
    assert height.topics[0].firing == fired()
    assert watch.view().alerts == (resolved,)


def test_a_pipe_gets_a_line_a_day_an_alert_and_the_end() -> None:
    said: list[str] = []
    watch = PlainWatch("demo", 5, say=said.append)
    watch.minute(minute(0))
    watch.minute(minute(1))
    assert said == []
    watch.minute(minute(2))
    watch.minute(minute(1, revision=1))
    watch.minute(minute(3))
    watch.alert(fired())
    watch.alert(fired(seq=1))
    watch.minute(minute(4, final=True))
    assert said == [
        "demo: 2023-03-10 00:01 UTC, 0/5 docs, lag 5, last 24 h 3 docs, 100% bad; alerts 0, firing 0",
        "demo: ALERT warning overall at 2023-03-09 23:59 UTC, 6 bad stories in 10 min, 0.5 expected",
        "demo: 2023-03-10 00:02 UTC, 0/5 docs, lag 5, last 24 h 4 docs, 100% bad; alerts 1, firing 1",
    ]
