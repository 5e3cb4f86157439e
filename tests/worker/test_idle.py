"""Event time goes on through a quiet night, in partitions that never had a document too."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from kafka import KafkaProducer

from pipeline.kafka_client import kafka_python_options
from pipeline.records import Document, SentimentMinute
from pipeline.replay.child import worker_process
from pipeline.settings import (
    BrokerSettings,
    EventTimeSettings,
    HttpSettings,
    Settings,
    StoreSettings,
    TopicSettings,
)
from pipeline.topics import create, topic_name
from tests.worker.eventually import eventually
from tests.worker.topic_log import TopicLog

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")


def test_a_minute_closes_although_nothing_follows(kafka: str, run_name: str, tmp_path: Path) -> None:
    settings = Settings(
        state_dir=tmp_path,
        broker=BrokerSettings(servers=kafka),
        topics=TopicSettings(prefix=run_name, partitions=3),
        event_time=EventTimeSettings(idle_timeout=1),
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'tocsin.db'}"),
        http=HttpSettings(port=0),
    )
    create(settings)
    published = datetime.now(UTC) - timedelta(minutes=5)
    document = Document(id="1", source="desk", published_at=published, title="Lender halts withdrawals")
    producer = KafkaProducer(**kafka_python_options(settings.broker))
    producer.send(topic_name(settings, "documents"), msgspec.json.encode(document), key=b"1")
    producer.flush()
    sentiment = TopicLog(settings, topic_name(settings, "sentiment"))
    with worker_process(settings, WORKER):
        eventually(lambda: len(sentiment.read()) >= 2)
    first, second, *_ = (msgspec.json.decode(value, type=SentimentMinute) for value in sentiment.values)
    assert first.minute == published.replace(second=0, microsecond=0)
    assert {row.key: row.negative for row in first.rows} == {"overall": 1, "financials": 1}
    assert second.minute == first.minute + timedelta(minutes=1)
    assert second.rows == ()
