"""A run on a real Kafka verified: as it is, and with faults in its store and its topics, each named."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaProducer
from sqlalchemy import delete, update
from typer.testing import CliRunner

from alerts.settings import DetectorSettings
from pipeline.broker import RunningBroker
from pipeline.cli.main import app
from pipeline.feed import open_feed
from pipeline.kafka_client import kafka_python_options
from pipeline.records import SentimentMinute, Tally
from pipeline.replay import read_history
from pipeline.replay.kafka import replay_via_kafka
from pipeline.settings import BrokerSettings, ModelSettings, Settings, StoreSettings, TopicSettings
from pipeline.store import Store, schema
from pipeline.tally import rows_of
from pipeline.topics import TopicName, create, topic_name
from pipeline.verify.live import verify_topics
from pipeline.verify.log import TopicLogs
from pipeline.verify.report import Finding, Report
from pipeline.verify.stored import verify_store
from tests.kafka import new_run_name
from tests.worker.feeds import bank_run, calm

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")
START = datetime(2023, 3, 1, tzinfo=UTC)
SURGE = START + timedelta(days=1)


@dataclass
class Run:
    settings: Settings

    def verified(self) -> Report:
        with TopicLogs(self.settings) as logs, Store.open(self.settings.store.url) as store:
            return verify_topics(self.settings, logs, store)

    def verified_from_store(self) -> Report:
        with Store.open(self.settings.store.url) as store:
            return verify_store(self.settings, store)


@pytest.fixture(scope="module")
def run(kafka_broker: RunningBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A day with a surge at its end, copies, a broken row and a text that fails, through a worker."""
    folder = tmp_path_factory.mktemp("verify")
    name = new_run_name()
    settings = Settings(
        run=name,
        state_dir=folder,
        broker=BrokerSettings(servers=kafka_broker.servers),
        topics=TopicSettings(partitions=2),
        detector=DetectorSettings(warmup_days=0.5),
        model=ModelSettings(batch_tokens=1024),
        store=StoreSettings(url=f"sqlite:///{folder}/store.db"),
    )
    documents = [
        *calm(START, 1530, every=10, stem="day"),
        *bank_run(SURGE, 60, stem="run"),
    ]
    documents += documents[50:60]
    documents.append(msgspec.structs.replace(documents[7], id="odd", title="crash the model"))
    feed = folder / "feed.jsonl"
    feed.write_bytes(b"\n".join([b"{broken", *map(msgspec.json.encode, documents)]))
    with open_feed(
        str(feed), now=datetime.now(UTC), mapping={}, format="auto", run="r", future_tolerance=300
    ) as rows:
        history = read_history(rows)
    replay_via_kafka(settings, history, worker=WORKER)
    yield Run(settings)


def test_a_run_that_counted_right(run: Run) -> None:
    report = run.verified()
    assert report.same
    assert report.complete
    assert (report.checked.duplicates, report.checked.rejected) == (10, 1)
    assert report.checked.alert_events
    assert run.verified_from_store().same


@pytest.fixture
def copied(run: Run, tmp_path: Path) -> Run:
    """The run with a store of its own to break."""
    own = tmp_path / "store.db"
    with sqlite3.connect(run.settings.store.url.removeprefix("sqlite:///")) as source:
        source.execute("VACUUM INTO ?", (str(own),))
    return Run(run.settings.model_copy(update={"store": StoreSettings(url=f"sqlite:///{own}")}))


class TestStore:
    def broken(self, run: Run, *statements: Any) -> tuple[Finding, Finding | None]:
        """The first finding after some statements, from the topics and from the store alone."""
        with Store.open(run.settings.store.url) as store, store.writing() as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount
        report, alone = run.verified(), run.verified_from_store()
        assert report.first is not None
        assert not report.same
        return report.first, alone.first

    def test_a_row_of_a_minute_that_was_deleted(self, copied: Run) -> None:
        s = schema.sentiment
        first, alone = self.broken(copied, delete(s).where(s.c.minute == SURGE, s.c.key == "financials"))
        assert (first.kind, first.minute, first.key) == ("different", SURGE, "financials")
        assert {each.id for each in first.documents} == {"run-0", "run-1"}
        assert alone is not None
        assert (alone.kind, alone.minute, alone.documents) == ("different", SURGE, first.documents)

    def test_a_sum_that_was_changed(self, copied: Run) -> None:
        s = schema.sentiment
        change = update(s).where(s.c.minute == SURGE, s.c.key == "overall").values(score_sum=-1)
        first, alone = self.broken(copied, change)
        assert (first.minute, first.key, first.found) == (SURGE, "overall", {"score_sum": -1})
        assert alone is not None
        assert (alone.minute, alone.expected) == (SURGE, first.expected)

    def test_a_document_that_is_gone(self, copied: Run) -> None:
        first, alone = self.broken(copied, delete(schema.document).where(schema.document.c.id == "run-1"))
        assert (first.place, first.kind, first.minute) == ("store, table document", "missing", SURGE)
        assert [each.id for each in first.documents] == ["run-1"]
        assert alone is not None
        assert (alone.minute, alone.found["documents"]) == (SURGE, 2)

    def test_an_alert_event_that_is_gone(self, copied: Run) -> None:
        e = schema.alert_event
        first, alone = self.broken(copied, delete(e).where(e.c.seq == 0))
        assert (first.place, first.kind) == ("store, table alert_event", "missing")
        assert alone is None


def copy_topics(
    run: Run, change: Callable[[TopicName, bytes, int], Iterable[bytes]], *, alerts: bool = True
) -> Run:
    """The run's topics once more under another prefix, each record as `change` of topic, value and offset."""
    there = run.settings
    prefix = f"copy-{new_run_name()}"
    settings = there.model_copy(update={"topics": there.topics.model_copy(update={"prefix": prefix})})
    create(settings)
    origin, copy = (topic_name(each, "documents").encode() for each in (there, settings))
    producer = KafkaProducer(**kafka_python_options(settings.broker))
    with TopicLogs(there) as logs:
        names: tuple[TopicName, ...] = ("documents", "scored", "rejected", "tallies", "sentiment")
        for name in (*names, "alerts") if alerts else names:
            for record in logs.read(name, logs.spans(name)):
                for value in change(name, record.value, record.offset) if record.value else [None]:
                    producer.send(
                        topic_name(settings, name),
                        value and value.replace(origin, copy),
                        key=b"end" if value is None else None,
                        partition=record.partition,
                        headers=list(record.headers),
                    )
    producer.flush()
    producer.close()
    return Run(settings)


def without_store(run: Run) -> Report:
    with TopicLogs(run.settings) as logs:
        return verify_topics(run.settings, logs, None)


def test_a_tally_that_was_lost(run: Run) -> None:
    lost: list[Tally] = []

    def change(name: TopicName, value: bytes, offset: int) -> Iterable[bytes]:
        if name == "tallies" and offset == 2:
            lost.append(msgspec.json.decode(value, type=Tally))
            return []
        return [value]

    report = without_store(copy_topics(run, change))
    [tally] = lost
    assert report.first is not None
    first = int(rows_of(tally)["published"].min()) // 60
    assert report.first.minute == datetime.fromtimestamp(first * 60, UTC)
    gone = [each for each in report.findings if "no tally accounts for it" in each.says]
    assert gone
    assert gone[0].documents[0].id


def test_a_document_that_was_counted_twice(run: Run) -> None:
    def change(name: TopicName, value: bytes, offset: int) -> Iterable[bytes]:
        if name != "sentiment":
            return [value]
        minute = msgspec.json.decode(value, type=SentimentMinute)
        if minute.minute != SURGE:
            return [value]
        rows = tuple(
            msgspec.structs.replace(
                row,
                documents=row.documents + 1,
                negative=row.negative + 1,
                score_sum=row.score_sum - 850,
                score_sumsq=row.score_sumsq + 850 * 850,
            )
            for row in minute.rows
        )
        return [msgspec.json.encode(msgspec.structs.replace(minute, rows=rows))]

    report = without_store(copy_topics(run, change))
    assert report.differences == 1
    assert report.first is not None
    assert (report.first.minute, report.first.key) == (SURGE, "financials")
    assert "counted twice" in report.first.says
    assert {each.id for each in report.first.documents} == {"run-0", "run-1"}


def test_a_run_that_still_goes_on_is_right_so_far(run: Run) -> None:
    """The downstream half of everything: as if the worker were behind."""
    with TopicLogs(run.settings) as logs:
        end = logs.spans("sentiment")[0][1]

    def change(name: TopicName, value: bytes, offset: int) -> Iterable[bytes]:
        return [] if name == "sentiment" and offset > end // 2 else [value]

    report = without_store(copy_topics(run, change, alerts=False))
    assert report.findings == ()
    assert not report.complete
    assert report.through is not None
    assert START < report.through < SURGE


def test_the_command_says_where_and_fails(copied: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = copied.settings
    monkeypatch.setenv("TOCSIN_BROKER__SERVERS", settings.broker.servers)
    monkeypatch.setenv("TOCSIN_TOPICS__PARTITIONS", "2")
    monkeypatch.setenv("TOCSIN_DETECTOR__WARMUP_DAYS", "0.5")
    monkeypatch.setenv("TOCSIN_STORE__URL", settings.store.url)
    monkeypatch.setenv("TOCSIN_STATE_DIR", str(settings.state_dir))
    good = CliRunner().invoke(app, ["verify", settings.run])
    assert good.exit_code == 0
    assert "no difference" in good.output
    with Store.open(settings.store.url) as store, store.writing() as connection:
        connection.execute(
            update(schema.document)
            .where(schema.document.c.id == "run-1")
            .values(title="\x1b]0;owned\x07 hostile", tone="positive")
        )
    bad = CliRunner().invoke(app, ["verify", settings.run, "--from", "store"])
    assert bad.exit_code == 1
    assert "2023-03-02 00:00" in bad.output
    assert "\x1b" not in bad.output
    told = json.loads(CliRunner().invoke(app, ["verify", settings.run, "--json"]).stdout)
    assert told["same"] is False
    assert told["first"]["documents"][0]["id"] == "run-1"
