"""What was refused, and what became of a retry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.records import Rejected
from pipeline.rejected.letters import State, choose, letters, name_of, parse_name, stored, stored_at
from pipeline.store import Store
from pipeline.store.retries import begin, finish
from tests.records import START, document, label, rejected

DOCUMENT = b'{"id":"d1","source":"w","published_at":"2023-03-01T00:00:00Z","title":"Bank halts"}'


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/s.db") as opened:
        yield opened


def state(store: Store, record: Rejected) -> State:
    [letter] = letters(store, "live", [record])
    return letter.state


def retry(store: Store, record: Rejected, to_offset: int | None) -> None:
    origin = (record.topic, record.partition, record.offset)
    [begun], _ = begin(store, "live", [origin], by="ann", at=START, again=True)
    if to_offset is not None:
        finish(store, [(begun, 0, to_offset)])


def test_from_open_to_accepted(store: Store) -> None:
    record = rejected(reason="future_stamp", raw=DOCUMENT)
    assert state(store, record) == "open"
    retry(store, record, None)
    assert state(store, record) == "interrupted"
    retry(store, record, 9)
    assert state(store, record) == "sent"
    store.write_documents([document(id="d1", offset=9)])
    assert state(store, record) == "accepted"


def test_rejected_again_where_the_new_place_was_refused(store: Store) -> None:
    record = rejected(raw=DOCUMENT)
    retry(store, record, 9)
    store.write_rejected([record, rejected(raw=DOCUMENT, offset=9)])
    assert state(store, record) == "rejected_again"


def test_a_label_is_accepted_where_it_is_stored(store: Store) -> None:
    record = rejected(
        topic="tocsin.labels",
        raw=b'{"id":"d1","title":"t","tone":"negative","by":"ann","at":"2008-09-15T04:30:00Z"}',
    )
    retry(store, record, 3)
    assert state(store, record) == "sent"
    store.write_labels([label(id="d1", by="ann", at=START)])
    assert state(store, record) == "accepted"


def test_rubbish_that_was_sent_stays_sent(store: Store) -> None:
    for raw in (b"", b"\xff", b"[" * 100_000, b"{}"):
        record = rejected(raw=raw, offset=len(raw))
        retry(store, record, 50 + len(raw))
        assert state(store, record) == "sent"


def test_choosing_by_reason_and_time_the_latest_first(store: Store) -> None:
    records = [
        rejected(offset=n, reason="no_text" if n % 2 else "bad_json", rejected_at=START + timedelta(hours=n))
        for n in range(6)
    ]
    store.write_rejected(records)
    since = START + timedelta(hours=2)
    assert [each.offset for each in choose(records, reason="no_text", since=since)] == [5, 3]
    assert stored(store, "live", reason="no_text", since=since) == choose(
        records, reason="no_text", since=since
    )
    assert [each.offset for each in stored(store, "live", limit=2)] == [5, 4]
    assert stored(store, "lehman") == []


@pytest.mark.parametrize("topic", ["tocsin.documents", "C:\\feeds\\a:b.csv", "feed\0.csv"])
def test_names_lead_back_to_their_record(store: Store, topic: str) -> None:
    record = rejected(topic=topic, partition=3, offset=17)
    store.write_rejected([record])
    [kept] = stored(store, "live")
    assert stored_at(store, "live", parse_name(name_of(kept))) == kept
    assert stored_at(store, "live", (topic, 3, 18)) is None


@pytest.mark.parametrize("name", ["", "x", "tocsin.documents", "a:1:x", ":1:2", "a:-1:2"])
def test_a_name_that_is_none(name: str) -> None:
    with pytest.raises(UsageError, match="names no rejected record"):
        parse_name(name)
