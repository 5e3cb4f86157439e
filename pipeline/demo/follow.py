"""Reading along: what a run publishes, handed to a view record by record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import msgspec

from pipeline.records import AlertEvent, SentimentMinute
from pipeline.settings import Settings
from pipeline.topics import topic_name

log = logging.getLogger(__name__)

_POLL_MS = 200
_JOIN_SECONDS = 10.0


class Watcher(Protocol):
    """Whoever wants to see a run go by; called from one thread."""

    def scored(self, documents: int) -> None:
        """So many more documents were classified."""

    def rejected(self, documents: int) -> None:
        """So many more documents were refused."""

    def minute(self, minute: SentimentMinute) -> None:
        """A minute closed, or was amended."""

    def alert(self, event: AlertEvent) -> None:
        """An alert fired, grew or resolved."""


@contextmanager
def following(settings: Settings, watcher: Watcher) -> Iterator[None]:
    """Read the run's topics from their beginning, in a thread, for as long as the context lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=_follow, args=(settings, watcher, stop), name="follow", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_JOIN_SECONDS)


def _follow(settings: Settings, watcher: Watcher, stop: threading.Event) -> None:
    from kafka import KafkaConsumer
    from kafka.errors import KafkaError

    scored, rejected = topic_name(settings, "scored"), topic_name(settings, "rejected")
    sentiment, alerts = topic_name(settings, "sentiment"), topic_name(settings, "alerts")
    minutes, events = msgspec.json.Decoder(SentimentMinute), msgspec.json.Decoder(AlertEvent)
    try:
        consumer = KafkaConsumer(
            bootstrap_servers=settings.broker.servers,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            # The run creates its topics, with its settings, after we began to look for them.
            allow_auto_create_topics=False,
            metadata_max_age_ms=500,
        )
        try:
            consumer.subscribe([scored, rejected, sentiment, alerts])
            while not stop.is_set():
                for partition, records in consumer.poll(timeout_ms=_POLL_MS).items():
                    values = [record.value for record in records if record.value]
                    if partition.topic == scored:
                        watcher.scored(len(values))
                    elif partition.topic == rejected:
                        watcher.rejected(len(values))
                    elif partition.topic == sentiment:
                        for value in values:
                            watcher.minute(minutes.decode(value))
                    else:
                        for value in values:
                            watcher.alert(events.decode(value))
        finally:
            consumer.close()
    except KafkaError as error:
        # The view stands still then; the run itself goes on and reports what it did.
        log.warning("The view lost the broker: %s", error)
