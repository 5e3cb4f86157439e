"""The Kafka shell: a history published to topics of its own, and a worker that consumes it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from alerts.events import AlertEvent
from pipeline.errors import TocsinError, UsageError
from pipeline.kafka_client import connect_admin, kafka_python_options
from pipeline.records import Rejected, RunTotals, ScoredDocument, SentimentMinute
from pipeline.replay.child import WORKER, WorkerProcess, worker_process
from pipeline.replay.history import History
from pipeline.replay.pace import Pace
from pipeline.replay.result import ReplayResult, settings_hash
from pipeline.settings import Settings
from pipeline.topics import (
    END_HEADER,
    MAX_RECORD_BYTES,
    TopicName,
    create,
    list_topics,
    run_prefix,
    topic_name,
)

_BATCH = 1024
_POLL_MS = 200
_READ: tuple[TopicName, ...] = ("scored", "sentiment", "alerts", "rejected")

Origin = tuple[int, int]
"""Partition and offset in `documents`."""


def replay_via_kafka(
    settings: Settings,
    history: History,
    pace: Pace | None = None,
    *,
    worker: tuple[str, ...] = WORKER,
    clock: Callable[[], float] = time.monotonic,
    on_scored: Callable[[int], None] = lambda _: None,
    on_event: Callable[[AlertEvent], None] = lambda _: None,
) -> ReplayResult:
    """Publish `history` to the topics of run `settings.run`, have a worker consume it, gather the outcome.

    Returns when the worker has stored and acknowledged everything. The topics stay, for whoever wants to read
    them. `clock` (seconds) times the run; `worker` is the command that runs one.

    Raises:
        UsageError: the run has topics already.
        TocsinError: no broker, or the worker ended.
    """
    own = settings.model_copy(update={"http": settings.http.model_copy(update={"port": 0})})
    if list_topics(own):
        prefix = run_prefix(own)
        raise UsageError(
            f"the topics {prefix}* hold an earlier replay. Give this one another name with --run, or "
            f"delete them with `tocsin topics delete --run {own.run}`."
        )
    create(own)
    with worker_process(own, worker) as running:
        gathered = _Gathered(own, running, on_scored, on_event)
        publisher = _Publisher(own, history, pace or Pace())
        begun = clock()
        publisher.start()
        try:
            gathered.read_to_end(publisher)
            seconds = clock() - begun
            gathered.await_acknowledged()
        finally:
            publisher.stop()
            gathered.close()
    totals = gathered.totals
    return ReplayResult(
        run=own.run,
        via="kafka",
        feed=history.feed,
        model=gathered.model,
        settings_hash=settings_hash(own),
        minutes=tuple(gathered.minutes),
        events=tuple(gathered.events),
        rejected=(*history.rejected, *(publisher.in_feed(each) for each in gathered.rejected)),
        documents_in=len(history.documents) + len(history.rejected),
        outside=history.outside,
        scored=totals.distinct,
        duplicate=totals.duplicates,
        late=totals.late,
        first=history.first,
        last=history.last,
        seconds=seconds,
    )


class _Publisher:
    """Publishes the history at its pace from a thread, then the mark of its end to every partition."""

    def __init__(self, settings: Settings, history: History, pace: Pace) -> None:
        self._settings = settings
        self._history = history
        self._pace = pace
        self._topic = topic_name(settings, "documents")
        self._positions: dict[Origin, int] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)
        self.error: Exception | None = None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Give up what is not published yet, and wait for the thread."""
        self._stopped.set()
        self._thread.join(30.0)

    def in_feed(self, rejected: Rejected) -> Rejected:
        """Name the feed and its row in place of topic and offset."""
        position = self._positions[rejected.partition, rejected.offset]
        return msgspec.structs.replace(
            rejected, topic=self._history.feed, partition=0, offset=self._history.rows[position]
        )

    def _run(self) -> None:
        try:
            producer = KafkaProducer(
                **kafka_python_options(self._settings.broker),
                acks="all",
                linger_ms=20,
                max_request_size=MAX_RECORD_BYTES,
            )
            try:
                self._publish(producer)
            finally:
                producer.close()
        except Exception as error:
            # The reading thread raises it.
            self.error = error

    def _publish(self, producer: KafkaProducer) -> None:
        documents = self._history.documents
        for positions in self._pace.batches([each.published_at for each in documents], _BATCH):
            if self._stopped.is_set():
                return
            sent = [
                producer.send(self._topic, msgspec.json.encode(documents[at]), key=documents[at].id.encode())
                for at in positions
            ]
            producer.flush()
            for at, future in zip(positions, sent, strict=True):
                metadata = future.get()
                self._positions[metadata.partition, metadata.offset] = at
        for partition in range(self._settings.topics.partitions):
            # kafka-python wants a key or a value; classification looks at the header alone.
            producer.send(self._topic, None, key=b"end", partition=partition, headers=[(END_HEADER, b"1")])
        producer.flush()


class _Gathered:
    """Reads what the worker publishes until the replay's end has come through."""

    def __init__(
        self,
        settings: Settings,
        worker: WorkerProcess,
        on_scored: Callable[[int], None],
        on_event: Callable[[AlertEvent], None],
    ) -> None:
        self.minutes: list[SentimentMinute] = []
        self.events: list[AlertEvent] = []
        self.rejected: list[Rejected] = []
        self.model = ""
        self._settings = settings
        self._worker = worker
        self._on_scored = on_scored
        self._on_event = on_event
        self._totals: RunTotals | None = None
        self._seen: set[tuple[str, Any]] = set()
        self._detected = False
        self._names = {topic_name(settings, name): name for name in _READ}
        self._consumer = KafkaConsumer(**kafka_python_options(settings.broker), enable_auto_commit=False)
        partitions = [
            TopicPartition(topic, partition)
            for topic in self._names
            for partition in sorted(self._consumer.partitions_for_topic(topic) or ())
        ]
        self._consumer.assign(partitions)
        self._consumer.seek_to_beginning(*partitions)

    @property
    def totals(self) -> RunTotals:
        """What the run counted; there once the end was read."""
        assert self._totals is not None
        return self._totals

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def read_to_end(self, publisher: _Publisher) -> None:
        """Read until the last minute, the last alert and every rejection are here."""
        while not self._complete():
            self._worker.check()
            if publisher.error is not None:
                raise TocsinError(f"publishing the feed failed: {publisher.error}") from publisher.error
            for partition, records in self._consumer.poll(timeout_ms=_POLL_MS).items():
                self._take(self._names[partition.topic], records)

    def await_acknowledged(self) -> None:
        """Wait until the worker has acknowledged all that was read here: then the store has it."""
        admin = connect_admin(self._settings.broker)
        try:
            while not self._acknowledged(admin):
                self._worker.check()
                time.sleep(_POLL_MS / 1000)
        finally:
            admin.close()

    def _acknowledged(self, admin: KafkaAdminClient) -> bool:
        group = run_prefix(self._settings).removesuffix(".")
        committed = admin.list_group_offsets([group])[group]
        return all(
            tp in committed and committed[tp].offset >= self._consumer.position(tp)
            for tp in self._consumer.assignment()
            if self._consumer.position(tp) > 0
        )

    def _complete(self) -> bool:
        return self._detected and self._totals is not None and len(self.rejected) >= self._totals.rejected

    def _take(self, name: TopicName, records: Iterable[Any]) -> None:
        if name == "scored":
            self._take_scored(records)
            return
        for record in records:
            if record.value is None:
                self._detected = True
            elif name == "sentiment":
                minute = _minutes.decode(record.value)
                if minute.final:
                    self._totals = minute.totals
                elif minute.rows and self._new(name, (minute.minute, minute.revision)):
                    self.minutes.append(minute)
            elif name == "alerts":
                event = _events.decode(record.value)
                if self._new(name, (event.id, event.seq)):
                    self.events.append(event)
                    self._on_event(event)
            else:
                rejected = _rejections.decode(record.value)
                if self._new(name, (rejected.partition, rejected.offset)):
                    self.rejected.append(rejected)

    def _take_scored(self, records: Iterable[Any]) -> None:
        count = 0
        for record in records:
            count += 1
            if not self.model:
                self.model = _scored.decode(record.value).model
        self._on_scored(count)

    def _new(self, name: str, key: Any) -> bool:
        """Tell whether this is the first of its key: an interrupted worker publishes some records again."""
        if (name, key) in self._seen:
            return False
        self._seen.add((name, key))
        return True


_minutes = msgspec.json.Decoder(SentimentMinute)
_events = msgspec.json.Decoder(AlertEvent)
_rejections = msgspec.json.Decoder(Rejected)
_scored = msgspec.json.Decoder(ScoredDocument)
