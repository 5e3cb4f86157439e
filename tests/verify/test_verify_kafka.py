"""A run on a real Kafka verified: as it is, and with faults in its store and its topics, each named."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer
from sqlalchemy import delete, update
from typer.testing import CliRunner

from pipeline.broker import RunningBroker
from pipeline.cli.main import app
from pipeline.feed import open_feed
from pipeline.kafka_client import kafka_python_options
from pipeline.records import SentimentMinute, Tally
from pipeline.replay import read_history
from pipeline.replay.kafka import replay_via_kafka
from pipeline.settings import BrokerSettings, Settings, StoreSettings, TopicSettings
from pipeline.store import Store, schema
from pipeline.topics import TopicName, create, topic_name
from pipeline.verify.live import verify_topics
from pipeline.verify.log import TopicLogs
from pipeline.verify.report import Report
from pipeline.verify.stored import verify_store
from tests.kafka import new_run_name
from tests.worker.feeds import bank_run, calm

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")
START = datetime(2023, 3, 1, tzinfo=UTC)


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
    """Two days with a surge, copies, a broken row and a text that the model fails on, through a worker."""
    folder = tmp_path_factory.mktemp("verify")
    name = new_run_name()
    settings = Settings(
        run=name,
        state_dir=folder,
        broker=BrokerSettings(servers=kafka_broker.servers),
        topics=TopicSettings(partitions=2),
        store=StoreSettings(url=f"sqlite:///{folder}/store.db"),
    )
    documents = [
        *calm(START, 2 * 1440, every=10, stem="day"),
        *bank_run(START + timedelta(days=1), 20, stem="run"),
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
    print(msgspec.json.format(msgspec.json.encode(report)).decode())
    assert report.same
    assert report.complete
    assert (report.checked.duplicates, report.checked.rejected) == (10, 1)
    assert run.verified_from_store().same
