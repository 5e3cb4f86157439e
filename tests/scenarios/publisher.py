"""Publishes a scenario's documents at its pace, whatever becomes of the broker meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline.kafka_client import kafka_python_options
from pipeline.settings import BrokerSettings
from pipeline.topics import END_HEADER
from tests.scenarios.documents import Item

_TICK = 0.05
_PATIENCE = 8.0
"""Seconds for a chunk."""
_Record = dict[str, Any]


class Publisher:
    """A thread that publishes; `published` documents are on the broker."""

    def __init__(
        self, broker: BrokerSettings, topic: str, items: Sequence[Item], rate: float, ends: int
    ) -> None:
        """`ends` partitions get the mark that nothing follows."""
        self._broker = broker
        self._topic = topic
        self._items = items
        self._chunk = max(1, int(rate * _TICK))
        self._ends = ends
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)
        self._producer: KafkaProducer | None = None
        self._moved = threading.Condition()
        self._paused_until = 0.0
        self._stopped = threading.Event()
        self.published = 0
        self.finished_at: float | None = None
        """Monotonic seconds; None until all is published."""
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Give up what is not published yet."""
        self._stopped.set()
        self._thread.join(60)

    def pause(self, seconds: float) -> None:
        """Publish nothing for so long."""
        self._paused_until = time.monotonic() + seconds

    def wait_for(self, published: int) -> bool:
        """Wait until so many are published; False where the publisher ended before."""
        with self._moved:
            self._moved.wait_for(
                lambda: (
                    self.published >= published or self.finished_at or self.error or self._stopped.is_set()
                )
            )
        return self.published >= published

    def _run(self) -> None:
        try:
            self._publish()
        except BaseException as error:  # the playing thread raises it
            self.error = error
        finally:
            self._disconnect()
        with self._moved:
            self._moved.notify_all()

    def _publish(self) -> None:
        due = time.monotonic()
        for start in range(0, len(self._items), self._chunk):
            chunk = self._items[start : start + self._chunk]
            due += _TICK
            while (left := max(due, self._paused_until) - time.monotonic()) > 0:
                if self._stopped.wait(min(left, 0.5)):
                    return
            due = max(due, time.monotonic() - 1.0)
            records = [{"value": each.value, "key": each.key, "partition": each.partition} for each in chunk]
            if not self._send(records):
                return
            with self._moved:
                self.published += len(chunk)
                self._moved.notify_all()
        marks = [
            {"key": b"end", "partition": partition, "headers": [(END_HEADER, b"1")]}
            for partition in range(self._ends)
        ]
        if self._send(marks):
            self.finished_at = time.monotonic()

    def _send(self, records: list[_Record]) -> bool:
        """Send until the broker has every one; a retry may publish one twice, which readers must stand."""
        while records and not self._stopped.is_set():
            try:
                producer = self._connected()
                sent = [(record, producer.send(self._topic, **record)) for record in records]
                deadline = time.monotonic() + _PATIENCE
                while time.monotonic() < deadline and not all(future.is_done for _, future in sent):
                    time.sleep(0.002)
                records = [record for record, future in sent if not future.succeeded()]
            except KafkaError:
                pass
            if records:
                # A new connection: this client is slow to find a broker that was away.
                self._disconnect()
                self._stopped.wait(0.2)
        return not records

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **kafka_python_options(self._broker),
                acks="all",
                linger_ms=5,
                max_block_ms=5_000,
                bootstrap_timeout_ms=2_000,
            )
        return self._producer

    def _disconnect(self) -> None:
        if self._producer is not None:
            with contextlib.suppress(KafkaError):
                self._producer.close(timeout=0)
        self._producer = None
