"""`import tocsin`: the same frames from a store and from the API in front of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
import tocsin
import uvicorn

from dashboards.api.app import create_app
from pipeline.errors import UsageError
from pipeline.store import Store, StoreUnavailable
from tests.records import START, alert_event, document, sentiment_minute, sentiment_row
from tests.servers import free_port

MINUTE = timedelta(minutes=1)


@contextmanager
def served(store: Store, token: str = "") -> Iterator[str]:
    port = free_port()
    config = uvicorn.Config(create_app(lambda: store, token=token), port=port, log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[tuple[Store, str]]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store.open(url) as store:
        rows = (sentiment_row(), sentiment_row(key="macro"))
        store.write_sentiment([sentiment_minute(n, 0, *rows, run="lehman") for n in range(120)])
        store.write_sentiment([sentiment_minute(5, 1, sentiment_row(documents=50), run="lehman")])
        store.write_documents(
            [document(id=f"d{n}", run="lehman", published_at=START + n * MINUTE) for n in range(1500)]
        )
        store.write_alerts([alert_event(0, run="lehman")])
        yield store, url


def test_frames_of_the_store_and_of_the_api_are_equal(filled: tuple[Store, str]) -> None:
    store, url = filled
    with served(store) as api:
        for asked in ({}, {"step": "15m"}, {"key": ["overall", "macro"]}, {"as_of": "2008-09-15 05:00"}):
            here, there = (tocsin.read_sentiment(each, run="lehman", **asked) for each in (url, api))
            pd.testing.assert_frame_equal(here, there)
        for reader in (tocsin.read_documents, tocsin.read_alerts):
            here, there = (reader(each, run="lehman") for each in (url, api))
            pd.testing.assert_frame_equal(here, there)
    assert len(tocsin.read_documents(url, run="lehman", limit=1200)) == 1200


def test_types_are_what_a_notebook_expects(filled: tuple[Store, str]) -> None:
    _, url = filled
    frame = tocsin.read_sentiment(url, run="lehman", since=START, until=START + 10 * MINUTE)
    assert (len(frame), frame.index.name, str(frame.index.dtype)) == (10, "time", "datetime64[ms, UTC]")
    assert frame.documents.dtype == "int64"
    assert frame.mean_1h.dtype == "float64"
    empty = tocsin.read_sentiment(url, run="lehman", key="nothing")
    assert empty.empty
    assert list(empty.dtypes) == list(frame.dtypes)
    assert tocsin.read_documents(url, run="lehman").symbols.iloc[0].tolist() == ["LEH"]
    assert str(tocsin.read_alerts(url, run="lehman").detected_at.dtype) == "datetime64[ms, UTC]"


def test_a_watchlist_is_read_like_a_topic(filled: tuple[Store, str]) -> None:
    store, url = filled
    store.write_documents([document(id="w", run="lehman", watchlists=("banks", "x"), offset=5000)])
    row = sentiment_row(key="watch.banks", documents=1)
    store.write_sentiment([sentiment_minute(0, 1, row, run="lehman")])
    with served(store) as api:
        for source in (url, api):
            found = tocsin.read_documents(source, run="lehman", key="watch.banks")
            assert [list(names) for names in found.watchlists] == [["banks", "x"]]
            both = tocsin.read_sentiment(source, run="lehman", key=["watch.banks", "macro"])
            assert len(both) == 121 and set(both.key) == {"watch.banks", "macro"}


def test_a_backtest_cannot_look_ahead(filled: tuple[Store, str]) -> None:
    """At every moment only minutes are seen that had closed, with the figures that they closed with."""
    _, url = filled
    for minutes in (0, 3, 10, 60, 121, 122, 123):
        now = START + minutes * MINUTE
        seen = tocsin.read_sentiment(url, run="lehman", as_of=now)
        assert (seen.index + pd.Timedelta(minutes=3) <= pd.Timestamp(now)).all()
        assert len(seen) == max(0, min(120, minutes - 2))
        assert 50 not in seen.documents.tolist() or now >= START + 122 * MINUTE
        assert (tocsin.read_documents(url, run="lehman", as_of=now).index <= pd.Timestamp(now)).all()


def test_what_is_wrong_is_said(filled: tuple[Store, str], monkeypatch: pytest.MonkeyPatch) -> None:
    store, url = filled
    for asked, says in (
        ({"run": "nobody"}, "nobody"),
        ({"run": "lehman", "step": "7m"}, "15m"),
        ({"run": "lehman", "since": "soon"}, "2008-09-15"),
    ):
        with pytest.raises(UsageError, match=says):
            tocsin.read_sentiment(url, **asked)
    with served(store, token="a-long-enough-secret") as api:
        with pytest.raises(UsageError, match="token"):
            tocsin.read_alerts(api, run="lehman")
        monkeypatch.setenv("TOCSIN_API_TOKEN", "a-long-enough-secret")
        assert len(tocsin.read_alerts(api, run="lehman")) == 1
    with pytest.raises(StoreUnavailable, match="does not answer"):
        tocsin.read_alerts(api, run="lehman")
    with pytest.raises(UsageError, match="https"):
        tocsin.read_alerts("http://tocsin.example", run="lehman")


def test_importing_it_is_light() -> None:
    code = (
        "import sys, tocsin; print([m for m in ('pandas', 'torch', 'faust', 'fastapi') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_live_document_is_known_by_the_clock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'live.db'}"
    stored = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with Store.open(url, now=lambda: stored) as store:
        store.write_documents([document()])
    assert tocsin.read_documents(url, as_of=stored - timedelta(seconds=1)).empty
    assert len(tocsin.read_documents(url, as_of=stored)) == 1
