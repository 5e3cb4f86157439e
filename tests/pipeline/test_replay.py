"""Offline replays: every row accounted for, the same outcome however it is cut, files that are whole."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.events import AlertEvent
from alerts.settings import DetectorSettings
from pipeline.errors import UsageError
from pipeline.feed import open_feed
from pipeline.records import Document, Rejected
from pipeline.replay import (
    History,
    Pace,
    ReplayResult,
    digest,
    latest_alerts,
    read_history,
    replay_offline,
    summarise,
    write_outputs,
)
from pipeline.settings import Settings
from tests.headlines import distinct
from tests.keyword_classifier import KeywordClassifier

NOW = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2023, 3, 1, tzinfo=UTC)
SURGE = START + timedelta(days=5, hours=14)
SETTINGS = Settings(detector=DetectorSettings(warmup_days=2))


def days_of_news(days: int = 7, seed: int = 1) -> list[Document]:
    """Some forty stories a day, one in eight of them bad, and a bank run on the sixth."""
    chance = random.Random(seed)
    documents = []
    for number in range(days * 40):
        at = START + timedelta(seconds=chance.randrange(days * 86_400))
        title = f"{distinct(number)} {'fails' if number % 8 == 0 else 'meets'} over shares"
        documents.append(Document(id=f"d{number}", source="wire", published_at=at, title=title))
    for number in range(40):
        at = SURGE + timedelta(minutes=number)
        title = f"Depositors queue as bank fails in {distinct(10**6 + number)}"
        documents.append(Document(id=f"s{number}", source="wire", published_at=at, title=title))
    chance.shuffle(documents)
    return documents


def write_feed(folder: Path, documents: list[Document], extra: bytes = b"") -> Path:
    path = folder / "news.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(document) for document in documents) + extra)
    return path


def history_of(path: Path, start: datetime | None = None, end: datetime | None = None) -> History:
    with open_feed(str(path), now=NOW, run="test") as feed:
        return read_history(feed, start=start, end=end)


def replayed(history: History, run: str = "test", batch: int = 1024, **options: object) -> ReplayResult:
    return replay_offline(
        history,
        KeywordClassifier(),
        SETTINGS,
        run=run,
        now=NOW,
        batch=batch,
        **options,  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return history_of(write_feed(tmp_path_factory.mktemp("feed"), days_of_news()))


@pytest.fixture(scope="module")
def result(history: History) -> ReplayResult:
    return replayed(history)


def test_the_surge_rings_with_its_stories_and_nothing_else_does(result: ReplayResult) -> None:
    alerts = latest_alerts(result.events)
    assert {alert.key for alert in alerts} <= {"overall", "financials"}
    assert alerts
    for alert in alerts:
        assert (
            SURGE - timedelta(hours=1) <= alert.started_at <= alert.detected_at < SURGE + timedelta(hours=2)
        )
        assert all("bank" in evidence.title for evidence in alert.evidence)
        assert alert.observed > alert.expected


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    documents = days_of_news(3)
    extra = b"\n" + msgspec.json.encode(documents[0]) + b"\n{\n" + b'{"id":"x","published_at":"2023-03-01"}\n'
    future = Document(id="f", source="s", published_at=NOW + timedelta(days=1), title="later")
    crash = Document(id="c", source="s", published_at=START, title="crash the model")
    extra += msgspec.json.encode(future) + b"\n" + msgspec.json.encode(crash)
    result = replayed(history_of(write_feed(tmp_path, documents, extra)))
    summary = summarise(result)
    assert summary.documents_in == len(documents) + 5
    assert summary.documents_in == summary.scored + summary.rejected + summary.duplicate
    assert (summary.duplicate, summary.late) == (1, 0)
    assert summary.rejected_by_reason == {"bad_json": 1, "no_text": 1, "future_stamp": 1, "unclassifiable": 1}
    offsets = {record.reason: record.offset for record in result.rejected}
    assert offsets["unclassifiable"] == len(documents) + 5
    assert sum(row.documents for minute in result.minutes for row in minute.rows if row.key == "overall") == (
        summary.scored
    )


def test_the_digest_does_not_depend_on_batches_names_pace_or_the_order_of_the_file(
    tmp_path: Path, history: History, result: ReplayResult
) -> None:
    whole = summarise(result).digest
    assert len(whole) == 64
    for batch in (1, 7, 100):
        assert summarise(replayed(history, run=f"batch-{batch}", batch=batch)).digest == whole
    sleeper = Sleeper()
    pace = Pace(86_400, clock=sleeper.clock, sleep=sleeper.sleep)
    assert summarise(replayed(history, run="paced", pace=pace)).digest == whole
    in_order = sorted(days_of_news(), key=lambda document: document.id)
    assert summarise(replayed(history_of(write_feed(tmp_path, in_order)))).digest == whole


def test_the_digest_tells_other_documents_and_other_alerts(history: History, result: ReplayResult) -> None:
    fewer = History(
        feed=history.feed, documents=history.documents[:-1], rows=history.rows[:-1], rejected=(), outside=0
    )
    whole = summarise(result).digest
    assert summarise(replayed(fewer)).digest != whole
    assert digest(result.minutes, []) != digest(result.minutes, latest_alerts(result.events)) == whole


def test_a_minute_counts_in_its_last_revision(result: ReplayResult) -> None:
    first = result.minutes[0]
    amended = msgspec.structs.replace(first, revision=1, rows=())
    plain = digest(result.minutes, [])
    assert digest([*result.minutes, first], []) == plain
    assert digest([*result.minutes, amended], []) != plain
    assert digest([amended, *result.minutes], []) == digest([*result.minutes, amended], [])
    assert digest([msgspec.structs.replace(each, run="other") for each in result.minutes], []) == plain


def test_spans_are_cut_before_anything_is_counted(tmp_path: Path) -> None:
    path = write_feed(tmp_path, days_of_news(), b"\nbroken")
    start, end = START + timedelta(days=1), START + timedelta(days=3)
    history = history_of(path, start, end)
    assert all(start <= document.published_at < end for document in history.documents)
    summary = summarise(replayed(history))
    assert summary.documents_in == len(history.documents) + 1
    assert summary.outside == len(days_of_news()) - len(history.documents)
    assert summary.documents_in == summary.scored + summary.rejected + summary.duplicate
    assert 1.9 < summary.span_days < 2


def test_documents_are_heard_by_stamp_then_id(history: History) -> None:
    order = [(document.published_at, document.id) for document in history.documents]
    assert order == sorted(order)
    assert sorted(history.rows) == list(range(1, len(order) + 1))


def test_nothing_but_broken_rows_is_a_result_too(tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text("text,date\nBank fails,\nBank fails,soon\n")
    summary = summarise(replayed(history_of(path)))
    assert (summary.documents_in, summary.rejected, summary.scored, summary.alerts) == (2, 2, 0, 0)
    assert summary.first is None


def test_files_hold_the_alerts_the_minutes_and_the_figures(tmp_path: Path, result: ReplayResult) -> None:
    folder = tmp_path / "deep" / "out"
    rejected = Rejected(
        run="test",
        reason="bad_json",
        detail="line 1: no",
        raw=b"\xff",
        topic="news",
        partition=0,
        offset=1,
        rejected_at=NOW,
    )
    with_rejected = ReplayResult(**{**vars(result), "rejected": (rejected,)})
    write_outputs(folder, with_rejected)
    assert msgspec.json.decode((folder / "rejected.jsonl").read_bytes(), type=Rejected) == rejected
    summary = write_outputs(folder, result)
    assert sorted(path.name for path in folder.iterdir()) == [
        "alerts.jsonl",
        "sentiment.parquet",
        "summary.json",
    ]

    lines = (folder / "alerts.jsonl").read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=AlertEvent) for line in lines] == latest_alerts(result.events)
    assert list(msgspec.json.decode(lines[0]))[:13] == [
        *("id", "run", "key", "kind", "severity", "state", "started_at", "detected_at", "resolved_at"),
        *("observed", "expected", "surprise", "evidence"),
    ]

    frame = pd.read_parquet(folder / "sentiment.parquet")
    overall = frame[frame["key"] == "overall"]
    assert len(frame) == sum(len(minute.rows) for minute in result.minutes)
    assert overall["documents"].sum() == summary.scored
    assert overall["minute"].is_monotonic_increasing
    assert str(frame["minute"].dtype.tz) == "UTC"
    last = result.minutes[-1].rows[-1]
    assert frame.iloc[-1]["mean_24h"] == last.windows["24h"].mean
    assert frame.iloc[-1]["documents_1h"] == last.windows["1h"].documents

    written = msgspec.json.decode((folder / "summary.json").read_bytes())
    for name in ("documents_in", "scored", "rejected", "duplicate", "late", "alerts", "span_days", "seconds"):
        assert written[name] == getattr(summary, name)
    assert written["digest"] == digest(result.minutes, latest_alerts(result.events))


def test_a_write_that_fails_leaves_no_half_file(
    tmp_path: Path, result: ReplayResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    write_outputs(tmp_path, result)
    before = (tmp_path / "sentiment.parquet").read_bytes()
    monkeypatch.setattr("pipeline.replay.outputs._write_rows", fail)
    with pytest.raises(KeyboardInterrupt):
        write_outputs(tmp_path, result)
    assert (tmp_path / "sentiment.parquet").read_bytes() == before
    assert not list(tmp_path.glob(".*"))
    assert not (tmp_path / "summary.json").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, result: ReplayResult
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write to"):
        write_outputs(tmp_path / "file" / "out", result)


class Sleeper:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 50.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def test_pace_waits_for_what_is_not_due_and_takes_what_is() -> None:
    sleeper = Sleeper()
    stamps = [START + timedelta(seconds=second) for second in (0, 0, 60, 90, 90, 3600)]
    heard = []
    for positions in Pace(60, clock=sleeper.clock, sleep=sleeper.sleep).batches(stamps, 2):
        heard.append((sleeper.now, list(positions)))
    assert heard == [(50, [0, 1]), (51, [2]), (51.5, [3, 4]), (110, [5])]
    assert sleeper.slept == [1, 0.5, 58.5]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 10_000), max_size=60).map(sorted),
    st.integers(1, 20),
    st.sampled_from([math.inf, 1.0, 60.0, 1e6]),
)
def test_pace_gives_each_position_once_in_order_and_never_early(
    seconds: list[int], size: int, speed: float
) -> None:
    sleeper = Sleeper()
    begun = sleeper.now
    stamps = [START + timedelta(seconds=second) for second in seconds]
    positions = []
    for run in Pace(speed, clock=sleeper.clock, sleep=sleeper.sleep).batches(stamps, size):
        assert 1 <= len(run) <= size
        for position in run:
            assert sleeper.now - begun >= (seconds[position] - seconds[0]) / speed - 1e-6
        positions += run
    assert positions == list(range(len(stamps)))


def test_a_speed_must_be_above_zero() -> None:
    for speed in (0, -1, math.nan):
        with pytest.raises(ValueError, match="above 0"):
            Pace(speed)
