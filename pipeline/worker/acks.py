"""Acknowledging events, and counting what was acknowledged: what lag and health are told from."""

from __future__ import annotations

import time
from collections import Counter

from pipeline.worker.metrics import Metrics
from pipeline.worker.stage import Event


class Acks:
    """Acknowledges events to Faust, which commits what is contiguous."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.finished: Counter[str] = Counter()
        """Records acknowledged since the start, by topic."""
        self.steps: Counter[str] = Counter()
        """Steps of work since the start, by topic: they tell a long batch from a stage that has stopped."""
        self.positions: dict[tuple[str, int], int] = {}
        """Offset after the last record acknowledged, by topic and partition."""

    def ack(self, event: Event) -> None:
        """Mark one event as done."""
        message = event.message
        event.ack()
        self.finished[message.topic] += 1
        self.step(message.topic)
        self.positions[message.topic, message.partition] = message.offset + 1
        self._metrics.progress.labels(message.topic).set(time.time())

    def step(self, topic: str) -> None:
        """Note that work on a record of that topic went on; also from the thread that does it."""
        self.steps[topic] += 1

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop positions of partitions that were revoked."""
        for partition in partitions:
            self.positions.pop(partition, None)
