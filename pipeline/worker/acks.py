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
        self.positions: dict[tuple[str, int], int] = {}
        """Offset after the last record acknowledged, by topic and partition."""

    def ack(self, event: Event) -> None:
        """Mark one event as done."""
        message = event.message
        event.ack()
        self.finished[message.topic] += 1
        self.positions[message.topic, message.partition] = message.offset + 1
        self._metrics.progress.labels(message.topic).set(time.time())

    def forget(self, partitions: set[tuple[str, int]]) -> None:
        """Drop positions of partitions that were revoked."""
        for partition in partitions:
            self.positions.pop(partition, None)
