"""A correction from the console."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboards.console.labelling import broker_answers, correction, keep_label
from pipeline.errors import UsageError
from pipeline.settings import BrokerSettings, Settings
from pipeline.store import Store
from tests.records import document

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOPICS = ("financials", "markets")


def test_it_holds_what_was_said_and_what_is_right() -> None:
    label = correction(document(), tone="neutral", topic="markets", by="Mei", note="", at=NOW, topics=TOPICS)
    assert (label.said_tone, label.said_topic, label.model) == ("negative", "financials", "en-0000")
    assert (label.tone, label.topic, label.by, label.at) == ("neutral", "markets", "Mei", NOW)
    assert label.title == document().title


@pytest.mark.parametrize(
    ("tone", "topic", "problem"),
    [("", "", "says nothing"), ("awful", "", "tone"), ("", "astrology", "topic")],
)
def test_one_that_says_nothing_valid_is_refused(tone: str, topic: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        correction(document(), tone=tone, topic=topic, by="Mei", note="", at=NOW, topics=TOPICS)


def test_where_no_broker_answers_it_goes_into_the_store(tmp_path: Path) -> None:
    label = correction(document(), tone="neutral", topic="", by="Mei", note="", at=NOW, topics=TOPICS)
    settings = Settings(broker=BrokerSettings(servers="127.0.0.1:1"))
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        assert keep_label(label, settings, store) == "store"
        assert store.labels() == [label]


def test_one_of_several_brokers_is_enough() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert broker_answers(f"127.0.0.1:1,127.0.0.1:{port}")
    assert not broker_answers("127.0.0.1:1")
