"""The board folds a run's records into what is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.events import AlertEvent
from dashboards.board import HOURS, Board, label_of, watchlist_labels
from pipeline.records import SentimentMinute, SentimentRow, Window
from pipeline.settings import Watchlist

START = datetime(2023, 3, 10, 14, 0, tzinfo=UTC)
EMPTY = Window(documents=0, mean=0.0, negative_share=0.0, negative_share_se=0.0)


def row(key: str, negative: int, positive: int = 0) -> SentimentRow:
    return SentimentRow(
        key=key,
        documents=negative + positive,
        stories=negative + positive,
        negative=negative,
        neutral=0,
        positive=positive,
        negative_stories=negative,
        late=0,
        score_sum=900 * (positive - negative),
        score_sumsq=0,
        windows={"5m": EMPTY, "1h": EMPTY, "24h": EMPTY},
    )


def minute(offset: int, *rows: SentimentRow, revision: int = 0, final: bool = False) -> SentimentMinute:
    return SentimentMinute(
        run="demo", minute=START + timedelta(minutes=offset), revision=revision, final=final, rows=rows
    )


def event(id_: str = "a", seq: int = 0, key: str = "financials", **changes: object) -> AlertEvent:
    fields: dict[str, object] = {
        "id": id_,
        "seq": seq,
        "run": "demo",
        "key": key,
        "kind": "negative_surge",
        "severity": "critical",
        "state": "firing",
        "reason": "fired",
        "started_at": START,
        "detected_at": START + timedelta(minutes=5),
        "resolved_at": None,
        "window_minutes": 60,
        "observed": 12,
        "expected": 1.5,
        "observed_share": 0.8,
        "expected_share": 0.3,
        "surprise": 9.25,
        "threshold": 5.0,
        "evidence": (),
    }
    return AlertEvent(**(fields | changes))  # type: ignore[arg-type]


def test_windows_slide_in_event_time() -> None:
    board = Board("demo")
    board.close(minute(0, row("overall", 3), row("financials", 3)))
    board.close(minute(59, row("overall", 0, 1), row("earnings", 0, 1)))
    overall, financials = board.view().topics[:2]
    assert (overall.hour.documents, overall.hour.mean) == (4, -0.45)
    assert (financials.key, financials.hour.documents) == ("financials", 3)
    board.close(minute(60))
    overall, financials = board.view().topics[:2]
    assert (overall.hour.documents, financials.hour.documents, financials.day.documents) == (1, 0, 3)


def test_bars_hold_the_negative_stories_of_each_hour() -> None:
    board = Board("demo")
    for offset, negative in ((0, 2), (30, 1), (60, 4), (23 * 60, 5)):
        board.close(minute(offset, row("overall", negative)))
    bars = board.view().topics[0].negative_by_hour
    assert len(bars) == HOURS
    assert (bars[0], bars[1], bars[-1], sum(bars)) == (3, 4, 5, 12)
    board.close(minute(24 * 60, row("overall", 1)))
    assert board.view().topics[0].negative_by_hour[:2] == (4, 0)


def test_amendments_repeats_and_the_end_mark_change_nothing() -> None:
    board = Board("demo")
    board.close(minute(3, row("overall", 2)))
    before = board.view()
    board.close(minute(3, row("overall", 2)))
    board.close(minute(2, row("overall", 2)))
    board.close(minute(4, row("overall", 2), revision=1))
    board.close(minute(5, final=True))
    assert board.view() == before
    assert board.minutes == 1


def test_the_newest_event_of_an_alert_counts_in_whatever_order_they_come() -> None:
    board = Board("demo")
    resolved = event(seq=1, state="resolved", resolved_at=START + timedelta(hours=2))
    board.ring(resolved)
    board.ring(event(seq=0))
    assert board.alerts == (resolved,)
    later = event("b", key="markets", detected_at=START + timedelta(hours=1))
    board.ring(later)
    assert board.view().alerts == (later, resolved)


def test_overall_comes_first_and_firing_keys_stay_on_the_board() -> None:
    board = Board("demo", labels={"markets": "Stock markets"})
    board.close(minute(0, row("markets", 1), row("overall", 9), row("politics", 8)))
    board.close(minute(2 * 24 * 60, row("overall", 1), row("politics", 1)))
    assert [line.key for line in board.view().topics] == ["overall", "politics"]
    board.ring(event(key="markets"))
    last = board.view().topics[-1]
    assert (last.key, last.label, last.firing is not None) == ("markets", "Stock markets", True)


def test_lag_is_what_is_neither_classified_nor_rejected() -> None:
    assert Board("demo").view(documents=5, total=10, rejected=2).lag == 3
    assert Board("demo").view(documents=5).lag is None


def test_a_watchlist_has_a_star_before_its_title() -> None:
    lists = {"banks": Watchlist(title="Banks we hold", title_zh="持仓银行", terms=("ING",))}
    labels = {"financials": "Banks and insurers"} | watchlist_labels(lists)
    board = Board("demo", labels)
    board.close(minute(0, row("overall", 3), row("financials", 3), row("watch.banks", 2), row("watch.us", 1)))
    view = board.view()
    assert [line.label for line in view.topics] == [
        "overall",
        "Banks and insurers",
        "★ Banks we hold",
        "★ us",
    ]
    assert [label_of(key, view.labels) for key in ("watch.banks", "ipo_x")] == ["★ Banks we hold", "ipo x"]
