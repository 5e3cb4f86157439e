"""classify: documents in; scored documents, tallies and rejections out. Stateless, scales with partitions."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import faust
import msgspec

from pipeline.classify import Classified, Incoming, classify_batch, token_estimate
from pipeline.records import Tally
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.topics import END_HEADER, RETRY_HEADER, topic_name
from pipeline.watchlists import Watchlists
from pipeline.worker.acks import Acks
from pipeline.worker.clock import SteadyClock
from pipeline.worker.continuity import Continuity, in_order
from pipeline.worker.drift import Drift
from pipeline.worker.metrics import Metrics
from pipeline.worker.publish import Outgoing, Publisher
from pipeline.worker.stage import Batching, Event, Stream, crash_on_error

_encode = msgspec.json.Encoder().encode


def incoming(event: Event) -> Incoming:
    """Take what classification needs of a Faust event."""
    message = event.message
    headers = dict(message.headers or ())
    return Incoming(message.partition, message.offset, event.value or b"", end=END_HEADER in headers)


class Classify:
    """Micro-batches documents onto the classifier; a batch is acknowledged once its results are durable."""

    def __init__(
        self,
        app: faust.App,
        settings: Settings,
        classifier: Classifier,
        publisher: Publisher,
        acks: Acks,
        metrics: Metrics,
        drift: Drift,
        clock: SteadyClock,
    ) -> None:
        self._app = app
        self._settings = settings
        self._live = settings.run == "live"
        self._classifier = classifier
        self._watchlists = Watchlists(settings.watchlists)
        self._publisher = publisher
        self._acks = acks
        self._metrics = metrics
        self._drift = drift
        self._clock = clock
        self._documents = topic_name(settings, "documents")
        self._scored = topic_name(settings, "scored")
        self._tallies = topic_name(settings, "tallies")
        self._rejected = topic_name(settings, "rejected")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="classify")
        self._continuity = Continuity()
        self._next: dict[int, int] = {}
        self._heard: dict[int, float] = {}
        self._batching = Batching(
            self._work,
            budget=settings.model.batch_tokens,
            deadline=settings.model.batch_deadline,
            cost=lambda event: token_estimate(event.value),
        )

    async def run(self, stream: Stream) -> None:
        """Classify the stream until the worker stops; in the live run, also say when nothing comes."""
        async with crash_on_error(self._app), asyncio.TaskGroup() as tasks:
            beats = tasks.create_task(self._say_idle()) if self._live else None
            await self._batching.run(stream)
            if beats is not None:
                beats.cancel()

    def release(self, partitions: set[Any]) -> None:
        """Forget where partitions stood that were revoked."""
        self._continuity.forget(partitions)
        for tp in partitions:
            self._next.pop(tp.partition, None)
            self._heard.pop(tp.partition, None)

    async def _work(self, events: list[Event]) -> None:
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        events = await in_order(events, self._continuity, self._app.consumer)
        if not events:
            return
        result, outgoing = await loop.run_in_executor(
            self._thread, self._classify, list(map(incoming, events))
        )
        await self._publisher.publish(outgoing)
        for tally in result.tallies:
            self._next[tally.partition] = tally.end
            self._heard[tally.partition] = loop.time()
        now = time.time()
        for event in events:
            self._acks.ack(event)
            self._metrics.latency.observe(max(0.0, now - event.message.timestamp))
        self._metrics.batch_seconds.observe(time.monotonic() - began)
        self._metrics.batch_documents.observe(len(events))
        self._metrics.classified.inc(len(result.scored))
        for each in result.rejected:
            self._metrics.rejected.labels(each.reason).inc()
        self._count_retried(events, result)

    def _count_retried(self, events: list[Event], result: Classified) -> None:
        retried = [event.message for event in events if RETRY_HEADER in dict(event.message.headers or ())]
        if retried:
            refused = {(each.partition, each.offset) for each in result.rejected}
            for message in retried:
                again = (message.partition, message.offset) in refused
                self._metrics.retried.labels("rejected" if again else "accepted").inc()

    def _classify(self, batch: list[Incoming]) -> tuple[Classified, list[Outgoing]]:
        """Run in a thread of its own, so that the event loop keeps reading while the model works."""
        result = classify_batch(
            batch,
            self._classifier,
            run=self._settings.run,
            topic=self._documents,
            now=self._clock.now(),
            future_tolerance=self._settings.event_time.future_tolerance,
            live=self._live,
            watchlists=self._watchlists,
        )
        self._drift.learn(result.scored)
        outgoing = [
            Outgoing(self._scored, _encode(each), each.id.encode(), each.partition) for each in result.scored
        ]
        outgoing += [
            Outgoing(self._rejected, _encode(each), each.reason.encode(), each.partition)
            for each in result.rejected
        ]
        outgoing += [
            Outgoing(self._tallies, _encode(each), str(each.partition).encode()) for each in result.tallies
        ]
        return result, outgoing

    async def _say_idle(self) -> None:
        """Publish how far the clock has come for each partition that was read to its end and stays quiet.

        That is what moves the watermark on through a quiet night. It goes through the tallies like any
        document, so that whoever reads them again sees time pass in the same way.
        """
        timeout = self._settings.event_time.idle_timeout
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            await asyncio.sleep(timeout / 2)
            idle = [
                await self._idle_tally(tp)
                for tp in self._app.consumer.assignment()
                if tp.topic == self._documents
                and loop.time() - self._heard.get(tp.partition, began) >= timeout
            ]
            await self._publisher.publish(
                Outgoing(self._tallies, _encode(each), str(each.partition).encode()) for each in idle if each
            )

    async def _idle_tally(self, tp: Any) -> Tally | None:
        position = self._next.get(tp.partition)
        if position is None:
            position = await self._app.consumer.position(tp)
        end = self._app.consumer.highwater(tp)
        if position is None or end is None or position < end or self._batching.waiting:
            return None
        return Tally(
            run=self._settings.run,
            partition=tp.partition,
            start=position,
            end=position,
            clock=int(self._clock.time()),
        )
