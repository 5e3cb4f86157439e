"""store: whatever the other stages published, into SQL. Safe to repeat, waits while the database is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

import faust
import msgspec

from pipeline.store import StoreUnavailable
from pipeline.worker.acks import Acks
from pipeline.worker.continuity import Continuity, in_order
from pipeline.worker.metrics import Metrics
from pipeline.worker.stage import Batching, Event, Stream, crash_on_error

log = logging.getLogger(__name__)

_BATCH = 1000
_DEADLINE = 0.2
_LONGEST_PAUSE = 15.0


class StoreTopic:
    """Writes one topic's records in batches; a batch is acknowledged once the database has it."""

    def __init__(
        self,
        app: faust.App,
        record: type[Any],
        write: Callable[[Sequence[Any]], None],
        thread: Executor,
        acks: Acks,
        metrics: Metrics,
    ) -> None:
        self._app = app
        self._kind = record.__name__
        self._decode = msgspec.json.Decoder(record).decode
        self._write = write
        self._thread = thread
        self._acks = acks
        self._metrics = metrics
        self._continuity = Continuity()
        self._batching = Batching(self._work, budget=_BATCH, deadline=_DEADLINE)

    async def run(self, stream: Stream) -> None:
        """Write the stream's records until the worker stops."""
        async with crash_on_error(self._app):
            await self._batching.run(stream)

    def release(self, partitions: set[Any]) -> None:
        """Forget where partitions stood that were revoked."""
        self._continuity.forget(partitions)

    async def _work(self, events: list[Event]) -> None:
        events = await in_order(events, self._continuity, self._app.consumer)
        # The end mark of a replay has no value; there is nothing of it to keep.
        records = [self._decode(event.value) for event in events if event.value]
        if records:
            await with_store(self._thread, lambda: self._write(records), self._metrics)
        for event in events:
            self._acks.ack(event)
        self._metrics.stored.labels(self._kind).inc(len(records))


async def with_store(thread: Executor, call: Callable[[], Any], metrics: Metrics) -> Any:
    """Call the database in its thread, and again while it is away; other errors are raised."""
    pause = 0.5
    with metrics.waits.on("store") as wait:
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, call)
            except StoreUnavailable as error:
                metrics.store_errors.inc()
                wait.begin(str(error))
                log.warning("%s; trying again in %.1f s", error, pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
