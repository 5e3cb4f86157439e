"""labels: people's corrections into SQL; what is none goes to the rejected, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime

import faust
import msgspec

from pipeline.labels.check import decode_label
from pipeline.records import Label, Rejected
from pipeline.settings import Settings
from pipeline.topics import topic_name
from pipeline.validate import Invalid, reject
from pipeline.worker.acks import Acks
from pipeline.worker.metrics import Metrics
from pipeline.worker.publish import Outgoing, Publisher
from pipeline.worker.stage import Batching, Event, Stream, crash_on_error
from pipeline.worker.store import with_store

_BATCH = 1000
_DEADLINE = 0.2


class StoreLabels:
    """Checks the records of `tocsin.labels` and stores them; acknowledged once the database has them."""

    def __init__(
        self,
        app: faust.App,
        settings: Settings,
        topics: Sequence[str],
        write: Callable[[Sequence[Label]], None],
        thread: Executor,
        publisher: Publisher,
        acks: Acks,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._settings = settings
        self._topics = topics
        self._write = write
        self._thread = thread
        self._publisher = publisher
        self._acks = acks
        self._metrics = metrics
        self._batching = Batching(self._work, budget=_BATCH, deadline=_DEADLINE)

    async def run(self, stream: Stream) -> None:
        """Store the stream's labels until the worker stops."""
        async with crash_on_error(self._app):
            await self._batching.run(stream)

    async def _work(self, events: list[Event]) -> None:
        now = datetime.now(UTC)
        labels: list[Label] = []
        rejected: list[Rejected] = []
        for event in events:
            read = self._read(event, now)
            if isinstance(read, Label):
                labels.append(read)
            else:
                rejected.append(read)
        topic = topic_name(self._settings, "rejected")
        await self._publisher.publish(
            Outgoing(topic, msgspec.json.encode(each), each.reason.encode()) for each in rejected
        )
        if labels:
            await with_store(self._thread, lambda: self._write(labels), self._metrics)
        for event in events:
            self._acks.ack(event)
        self._metrics.stored.labels(Label.__name__).inc(len(labels))
        for each in rejected:
            self._metrics.rejected.labels(each.reason).inc()

    def _read(self, event: Event, now: datetime) -> Label | Rejected:
        value = event.value or b""
        try:
            return decode_label(
                value,
                topics=self._topics,
                now=now,
                future_tolerance=self._settings.event_time.future_tolerance,
            )
        except Invalid as error:
            return reject(
                error,
                value,
                run=self._settings.run,
                topic=topic_name(self._settings, "labels"),
                partition=event.message.partition,
                offset=event.message.offset,
                at=now,
            )
