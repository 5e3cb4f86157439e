"""Reads along what the workers publish and store, and when it came."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from hashlib import blake2b
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from alerts.events import AlertEvent
from pipeline.errors import TocsinError
from pipeline.kafka_client import connect_admin, kafka_python_options
from pipeline.records import Rejected, RunTotals, ScoredDocument, SentimentMinute
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.topics import TopicName, run_prefix, topic_name

_READ: tuple[TopicName, ...] = ("documents", "scored", "sentiment", "alerts", "rejected")
_minutes = msgspec.json.Decoder(SentimentMinute)
_events = msgspec.json.Decoder(AlertEvent)
_rejections = msgspec.json.Decoder(Rejected)
_scored = msgspec.json.Decoder(ScoredDocument)

Origin = tuple[int, int]
"""Partition and offset in `documents`."""


class Observer:
    """A thread with a consumer of its own and no group, and one that looks into the store."""

    def __init__(self, settings: Settings, store_url: str) -> None:
        """`settings.broker` and `store_url` lead past anything that is broken on purpose."""
        self._settings = settings
        self._store_url = store_url
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=each, name=each.__name__, daemon=True)
            for each in (self._read, self._look_into_store)
        ]
        self._names = {topic_name(settings, name): name for name in _READ}
        self._positions: dict[tuple[str, int], int] = {}
        self._seen: dict[tuple[str, Any], bytes] = {}
        self.documents: set[Origin] = set()
        """Everything that was published and is no end mark."""
        self.scored: dict[Origin, str] = {}
        """Document id by origin."""
        self.rejected: set[Origin] = set()
        self.minutes: list[SentimentMinute] = []
        self.events: list[AlertEvent] = []
        self.totals: RunTotals | None = None
        self.ended = False
        self.repeated = 0
        """Records that came more than once, word for word."""
        self.contradicted = 0
        """Records whose key had come with other words."""
        self.progress: defaultdict[str, list[float]] = defaultdict(list)
        """Monotonic seconds at which something new came, by the partition or stage that brought it."""
        self.error: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    @property
    def complete(self) -> bool:
        """The run's last minute, its last alert and every rejection are here."""
        with self._lock:
            totals = self.totals
            return totals is not None and self.ended and len(self.rejected) >= totals.rejected

    def acknowledged(self) -> bool:
        """Tell whether the workers have acknowledged all that was read here; then the store has it, too."""
        group = run_prefix(self._settings).removesuffix(".")
        try:
            admin = connect_admin(self._settings.broker)
            try:
                committed = admin.list_group_offsets([group])[group]
            finally:
                admin.close()
        except (KafkaError, TocsinError, OSError):
            return False
        offsets = {(tp.topic, tp.partition): found.offset for tp, found in committed.items()}
        with self._lock:
            return all(
                offsets.get(tp, -1) >= position for tp, position in self._positions.items() if position
            )

    def _read(self) -> None:
        try:
            consumer = KafkaConsumer(**kafka_python_options(self._settings.broker), enable_auto_commit=False)
            partitions = [
                TopicPartition(topic, partition)
                for topic in self._names
                for partition in sorted(consumer.partitions_for_topic(topic) or ())
            ]
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            while not self._stopped.is_set():
                try:
                    polled = consumer.poll(timeout_ms=200)
                except KafkaError:
                    continue
                with self._lock:
                    for tp, records in polled.items():
                        self._take(self._names[tp.topic], tp.partition, records)
                        self._positions[tp.topic, tp.partition] = records[-1].offset + 1
            consumer.close()
        except BaseException as error:
            self.error = error

    def _look_into_store(self) -> None:
        known = 0
        while not self._stopped.wait(1.0):
            try:
                with Store.open(self._store_url) as store:
                    while not self._stopped.wait(1.0):
                        there = store.counts(self._settings.run).documents
                        if there > known:
                            known = there
                            self.progress["store"].append(time.monotonic())
            except TocsinError:
                continue

    def _take(self, name: TopicName, partition: int, records: list[Any]) -> None:
        fresh = False
        for record in records:
            if name == "documents":
                if record.key != b"end":
                    self.documents.add((partition, record.offset))
            elif record.value is None:
                self.ended = self.ended or name == "alerts"
            else:
                fresh |= getattr(self, f"_take_{name}")(record.value)
        if fresh and name in ("scored", "sentiment"):
            self.progress[f"{name} {partition}"].append(time.monotonic())

    def _take_scored(self, value: bytes) -> bool:
        scored = _scored.decode(value)
        origin = (scored.partition, scored.offset)
        self.scored[origin] = scored.id
        return self._new(("scored", origin), value)

    def _take_sentiment(self, value: bytes) -> bool:
        minute = _minutes.decode(value)
        if minute.final:
            self.totals = minute.totals
        elif self._new(("sentiment", (minute.minute, minute.revision)), value):
            if minute.rows:
                self.minutes.append(minute)
            return True
        return False

    def _take_alerts(self, value: bytes) -> bool:
        event = _events.decode(value)
        if self._new(("alerts", (event.id, event.seq)), value):
            self.events.append(event)
        return False

    def _take_rejected(self, value: bytes) -> bool:
        rejected = _rejections.decode(value)
        self.rejected.add((rejected.partition, rejected.offset))
        return False

    def _new(self, key: tuple[str, Any], value: bytes) -> bool:
        words = blake2b(value, digest_size=8).digest()
        known = self._seen.setdefault(key, words)
        if known is words:
            return True
        if known == words:
            self.repeated += 1
        else:
            self.contradicted += 1
        return False
