from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from pipeline.feed import open_feed
from pipeline.frames import read_sentiment
from pipeline.replay import read_history, replay_offline, write_outputs
from pipeline.settings import Settings
from pipeline.store import Store
from tests.keyword_classifier import KeywordClassifier
from tests.worker.feeds import calm

START = datetime(2023, 3, 1, tzinfo=UTC)


@pytest.fixture
def replayed(tmp_path: Path) -> tuple[Path, str]:
    """One replay, as files and in a store."""
    import msgspec

    feed = tmp_path / "feed.jsonl"
    feed.write_bytes(b"\n".join(msgspec.json.encode(each) for each in calm(START, 1440, every=10, stem="a")))
    now = datetime.now(UTC)
    with open_feed(str(feed), now=now, mapping={}, format="auto", run="r", future_tolerance=300) as rows:
        history = read_history(rows)
    result = replay_offline(history, KeywordClassifier(), Settings(run="r"), run="r", now=now)
    write_outputs(tmp_path / "out", result)
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(url) as store:
        store.write_sentiment(result.minutes)
    return tmp_path / "out", url


def test_files_and_store_read_the_same(replayed: tuple[Path, str]) -> None:
    folder, url = replayed
    from_files, from_store = read_sentiment(folder), read_sentiment(url, run="r")
    assert len(from_files) == 144
    pd.testing.assert_frame_equal(from_files, from_store[from_files.columns], check_dtype=False)
    assert from_store.index.tz is not None and from_store.index[0] == pd.Timestamp(START)
    assert from_store["documents_1h"].max() == 6


def test_a_span_and_a_key(replayed: tuple[Path, str]) -> None:
    span = {"start": START + timedelta(hours=1), "end": START + timedelta(hours=2)}
    for source, run in zip(replayed, ("live", "r"), strict=True):
        assert len(read_sentiment(source, run=run, **span)) == 6
        assert set(read_sentiment(source, run=run, key="financials")["key"]) == {"financials"}


def test_nothing_there_is_an_empty_frame(tmp_path: Path) -> None:
    frame = read_sentiment(f"sqlite:///{tmp_path / 'empty.db'}")
    assert frame.empty and frame.index.name == "minute"
