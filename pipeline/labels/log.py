"""Corrections in Kafka: published to `tocsin.labels`, and read from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.errors import TocsinError
from pipeline.kafka_client import connect_admin, kafka_python_options
from pipeline.labels.check import decode_label
from pipeline.records import Label, Rejected
from pipeline.settings import Settings
from pipeline.topics import MAX_RECORD_BYTES, TopicName, create, topic_name
from pipeline.validate import Invalid

_POLL_MS = 500


def publish_labels(settings: Settings, labels: Sequence[Label], rejected: Sequence[Rejected] = ()) -> None:
    """Publish corrections, and what was rejected among them, and return when the broker has them all."""
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    create(settings)
    producer = KafkaProducer(
        **kafka_python_options(settings.broker), acks="all", max_request_size=MAX_RECORD_BYTES
    )
    records: list[tuple[TopicName, str, msgspec.Struct]] = [
        *(("labels", label.id, label) for label in labels),
        *(("rejected", record.reason, record) for record in rejected),
    ]
    try:
        sent = [
            producer.send(topic_name(settings, name), msgspec.json.encode(record), key=key.encode())
            for name, key, record in records
        ]
        producer.flush()
        for each in sent:
            each.get(timeout=60)
    except KafkaError as error:
        raise TocsinError(f"the corrections could not be published: {error}") from error
    finally:
        producer.close()


def read_log(settings: Settings, topics: Sequence[str]) -> tuple[list[Label], int]:
    """Every correction that `tocsin.labels` holds now, in its order, and how many records are none."""
    from kafka import KafkaConsumer, TopicPartition

    connect_admin(settings.broker).close()  # says which setting is wrong where no broker answers
    now = datetime.now(UTC)
    consumer: Any = KafkaConsumer(**kafka_python_options(settings.broker), enable_auto_commit=False)
    labels: list[Label] = []
    invalid = 0
    try:
        name = topic_name(settings, "labels")
        partitions = [TopicPartition(name, p) for p in consumer.partitions_for_topic(name) or ()]
        ends = consumer.end_offsets(partitions) if partitions else {}
        consumer.assign(partitions)
        if partitions:
            consumer.seek_to_beginning(*partitions)
        while any(consumer.position(tp) < end for tp, end in ends.items()):
            for records in consumer.poll(timeout_ms=_POLL_MS).values():
                for record in records:
                    try:
                        labels.append(
                            decode_label(
                                record.value or b"",
                                topics=topics,
                                now=now,
                                future_tolerance=settings.event_time.future_tolerance,
                            )
                        )
                    except Invalid:
                        invalid += 1
    finally:
        consumer.close()
    return labels, invalid
