"""Corrections through Kafka: published, stored by a worker, and what is none rejected."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import msgspec
from kafka import KafkaProducer

from pipeline.kafka_client import kafka_python_options
from pipeline.labels.log import publish_labels, read_log
from pipeline.replay.child import worker_process
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings, TopicSettings
from pipeline.store import Store
from pipeline.topics import topic_name
from tests.keyword_classifier import TOPICS
from tests.records import START, label
from tests.worker.eventually import eventually

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")


def test_a_published_label_is_kept_and_what_is_none_is_rejected(
    kafka: str, run_name: str, tmp_path: Path
) -> None:
    settings = Settings(
        state_dir=tmp_path,
        broker=BrokerSettings(servers=kafka),
        topics=TopicSettings(prefix=run_name, partitions=1),
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'tocsin.db'}"),
        http=HttpSettings(port=0),
    )
    said = [label(), label(tone="neutral", at=START + timedelta(seconds=1)), label(id="d2", by="bo")]
    publish_labels(settings, [*said, said[0]])
    producer = KafkaProducer(**kafka_python_options(settings.broker))
    for value in (b"{broken", msgspec.json.encode(label(topic="weather"))):
        producer.send(topic_name(settings, "labels"), value, key=b"x")
    producer.flush()
    producer.close()

    assert read_log(settings, TOPICS) == ([*said, said[0]], 2)
    with worker_process(settings, WORKER), Store.open(settings.store.url) as store:
        rejected = eventually(lambda: store.rejected("live") if len(store.rejected("live")) == 2 else None)
        assert eventually(store.labels) == sorted(said, key=lambda each: (each.at, each.id))
    assert [(each.reason, each.topic, each.offset) for each in rejected] == [
        ("bad_json", f"{run_name}.labels", 4),
        ("wrong_field", f"{run_name}.labels", 5),
    ]
