"""A topic of one partition, read as it grows."""

from __future__ import annotations

from typing import Any

from kafka import KafkaConsumer, TopicPartition

from pipeline.kafka_client import kafka_python_options
from pipeline.settings import Settings


class TopicLog:
    """All records of one topic, read as they come."""

    def __init__(self, settings: Settings, topic: str) -> None:
        self._consumer = KafkaConsumer(**kafka_python_options(settings.broker), enable_auto_commit=False)
        partition = TopicPartition(topic, 0)
        self._consumer.assign([partition])
        self._consumer.seek_to_beginning(partition)
        self.values: list[Any] = []
        self.keys: set[bytes] = set()

    def read(self) -> list[Any]:
        for records in self._consumer.poll(timeout_ms=100).values():
            self.values += [record.value for record in records]
            self.keys |= {record.key for record in records}
        return self.values
