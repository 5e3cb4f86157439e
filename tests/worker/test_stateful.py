"""A stage that has lost its checkpoint reads its log again and says the same."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from kafka import KafkaProducer

from pipeline.kafka_client import kafka_python_options
from pipeline.records import Document, SentimentMinute
from pipeline.replay.child import worker_process
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings, TopicSettings
from pipeline.topics import create, topic_name
from tests.worker.eventually import eventually
from tests.worker.feeds import calm
from tests.worker.topic_log import TopicLog

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")
START = datetime(2023, 3, 1, tzinfo=UTC)


def test_a_lost_checkpoint_is_made_again_from_the_log(kafka: str, run_name: str, tmp_path: Path) -> None:
    settings = Settings(
        run=run_name,
        state_dir=tmp_path,
        broker=BrokerSettings(servers=kafka),
        topics=TopicSettings(partitions=1),
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'tocsin.db'}"),
        http=HttpSettings(port=0),
    )
    create(settings)
    producer = KafkaProducer(**kafka_python_options(settings.broker))

    def publish(documents: list[Document]) -> None:
        for document in documents:
            topic = topic_name(settings, "documents")
            producer.send(topic, msgspec.json.encode(document), key=document.id.encode())
        producer.flush()

    changelog = f"tocsin.{run_name}-aggregate-state-changelog"
    sentiment = topic_name(settings, "sentiment")
    with worker_process(settings, WORKER):
        publish(calm(START, 1440, every=10, stem="first"))
        first = TopicLog(settings, sentiment)
        eventually(lambda: len(first.read()) >= 1420)
        saved = TopicLog(settings, changelog)
        eventually(saved.read)

    # Now only the committed position remembers what was read.
    saved.read()
    for head in {key for key in saved.keys if key.startswith(b"head/")}:
        producer.send(changelog, key=head, value=None, partition=0)
    publish(calm(START + timedelta(days=1), 60, every=10, stem="second"))
    with worker_process(settings, WORKER):
        again = TopicLog(settings, sentiment)
        decoder = msgspec.json.Decoder(SentimentMinute)
        last = START + timedelta(days=1, minutes=47)
        eventually(lambda: again.read() and decoder.decode(again.values[-1]).minute >= last)
    assert again.values[: len(first.values)] == first.values
    rebuilt = again.values[len(first.values) :]
    assert rebuilt[: len(first.values)] == first.values
    minutes = [decoder.decode(value) for value in rebuilt]
    assert [each.minute for each in minutes] == [START + timedelta(minutes=n) for n in range(len(minutes))]
    assert sum(row.documents for each in minutes for row in each.rows if row.key == "overall") == 144 + 5
