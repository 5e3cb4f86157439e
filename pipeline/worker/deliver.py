"""deliver: alert events into the outbox, and the outbox to whoever wants to hear of them."""

from __future__ import annotations

import asyncio
import logging
import os
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime

import faust
import msgspec

from alerts.delivery import Drained, receivers
from alerts.events import AlertEvent
from pipeline.dispatch import demand_routes, open_dispatch
from pipeline.settings import Settings
from pipeline.store import Outbox, Store
from pipeline.topics import topic_name
from pipeline.worker.acks import Acks
from pipeline.worker.metrics import Metrics
from pipeline.worker.stage import Batching, Event, Stream, crash_on_error
from pipeline.worker.store import with_store

log = logging.getLogger(__name__)

_decoder = msgspec.json.Decoder(AlertEvent)
_DRAIN_EVERY = 1.0
"""Seconds between two passes over the outbox while no alert comes in."""


class Deliver:
    """Queues alert events in the store, acknowledges them, and sends what is due.

    Receivers may be away for hours: what they have not accepted stays in the outbox, over restarts too.
    """

    def __init__(
        self,
        app: faust.App,
        settings: Settings,
        store: Store,
        database: Executor,
        acks: Acks,
        metrics: Metrics,
    ) -> None:
        self._app = app
        demand_routes(settings, os.environ)
        self._topic = topic_name(settings, "alerts")
        self._settings = settings
        self._wanted = bool(receivers(settings.delivery) or settings.delivery.routes)
        self._store = store
        self._outbox = Outbox(store, settings.run)
        self._database = database
        # Sending has its own thread: a receiver that takes its time must not hold up the store.
        self._network = ThreadPoolExecutor(1, thread_name_prefix="deliver")
        self._acks = acks
        self._metrics = metrics
        self._arrived = asyncio.Event()
        self._batching = Batching(self._work, budget=200, deadline=0.01)

    async def run(self, stream: Stream) -> None:
        """Queue and send until the worker stops. Whoever has the alerts' one partition drains the outbox."""
        async with crash_on_error(self._app), asyncio.TaskGroup() as tasks:
            drain = tasks.create_task(self._drain_regularly())
            await self._batching.run(stream)
            drain.cancel()

    async def _work(self, events: list[Event]) -> None:
        alerts = [_decoder.decode(event.value) for event in events if event.value]
        if alerts and self._wanted:
            now, delivery = datetime.now(UTC), self._settings.delivery
            await with_store(
                self._database, lambda: self._outbox.enqueue(alerts, delivery, now), self._metrics
            )
        for event in events:
            self._acks.ack(event)
        self._arrived.set()

    async def _drain_regularly(self) -> None:
        if not self._wanted:
            return
        with open_dispatch(self._store, self._settings, os.environ) as dispatch:

            def drain() -> Drained:
                return dispatch.turn(datetime.now(UTC))

            while True:
                try:
                    async with asyncio.timeout(_DRAIN_EVERY):
                        await self._arrived.wait()
                except TimeoutError:
                    pass
                self._arrived.clear()
                if not self._owns_alerts():
                    continue
                self._show(await with_store(self._network, drain, self._metrics))
                waiting = await with_store(self._database, self._outbox.waiting, self._metrics)
                self._metrics.undelivered.set(sum(each.pending for each in waiting.values()))

    def _owns_alerts(self) -> bool:
        """Tell whether this worker has the alerts' partition: one worker drains, not all of them."""
        return any(tp.topic == self._topic for tp in self._app.consumer.assignment())

    def _show(self, drained: Drained) -> None:
        for (receiver, verdict), count in drained.counts().items():
            self._metrics.deliveries.labels(receiver, verdict).inc(count)
        for result in drained.results:
            if result.verdict != "delivered":
                log.warning(
                    "alert %s (event %d) to %s: %s, %s",
                    result.alert_id, result.seq, result.receiver, result.verdict, result.reason,
                )  # fmt: skip
