"""Stages with state: applied in order, checkpointed with their input position, acknowledged after that."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import faust
from aiokafka.errors import IllegalStateError

from pipeline.worker.acks import Acks
from pipeline.worker.checkpoint import Checkpoint, State
from pipeline.worker.publish import Outgoing, Publisher
from pipeline.worker.stage import Batching, Event, Stream, crash_on_error

log = logging.getLogger(__name__)

CHECKPOINT_INTERVAL = 5.0
"""Seconds between checkpoints: what a crash makes the next owner read again."""
MOST_PENDING = 4096
"""Records that may wait for a checkpoint; after so many it comes early."""
_BATCH = 512
_DEADLINE = 0.01


class Core(Protocol):
    """A piece of the functional core with what it takes to publish its results."""

    def load(self, state: State | None) -> None:
        """Begin from a state, or afresh."""

    def apply(self, value: bytes) -> list[Outgoing]:
        """Take one input record; returns what follows from it."""

    def save(self) -> tuple[bytes, Mapping[str, bytes]]:
        """Give the state: a head, and segments that never change once named."""

    @property
    def ended(self) -> bool:
        """Nothing more will come: the replay is over."""


class Stateful:
    """Runs a core over one topic of one partition.

    Input is acknowledged only once a checkpoint holds what it did, and the checkpoint names its position: so
    whoever takes over reads on exactly there, whatever was committed. What was published after the last
    checkpoint is then published again, the same to the bit, for readers that know each record by its key.
    """

    def __init__(
        self, app: faust.App, core: Core, checkpoint: Checkpoint, publisher: Publisher, acks: Acks
    ) -> None:
        self._app = app
        self._core = core
        self._checkpoint = checkpoint
        self._publisher = publisher
        self._acks = acks
        self._batching = Batching(self._work, budget=_BATCH, deadline=_DEADLINE)
        self._thread = ThreadPoolExecutor(1)
        self._lock = asyncio.Lock()
        self._position: int | None = None
        self._missing: Any = None
        self._pending: list[Event] = []
        self._saved_at = time.monotonic()

    async def run(self, stream: Stream) -> None:
        """Drive the core with the stream until the worker stops."""
        async with crash_on_error(self._app), asyncio.TaskGroup() as tasks:
            timer = tasks.create_task(self._save_regularly())
            await self._batching.run(stream)
            timer.cancel()

    async def release(self) -> None:
        """Forget everything: another worker may have the partition now."""
        async with self._lock:
            self._position = None
            self._missing = None
            self._pending.clear()

    async def _work(self, events: list[Event]) -> None:
        async with self._lock:
            ours = self._app.consumer.assignment()
            # What was waiting when the partition was revoked is another worker's now.
            events = [event for event in events if event.message.tp in ours]
            if not events:
                return
            if self._position is None:
                await self._load(events[0].message.tp)
            values = await self._in_order(events)
            outgoing = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._apply, values, events[0].message.topic
            )
            await self._publisher.publish(outgoing)
            due = time.monotonic() - self._saved_at >= CHECKPOINT_INTERVAL
            if self._core.ended or due or len(self._pending) >= MOST_PENDING:
                await self._save()

    async def _load(self, partition: Any) -> None:
        state = self._checkpoint.load()
        self._core.load(state)
        self._position = 0 if state is None else state.position
        self._missing = None
        kept = (await self._app.consumer.earliest_offsets(partition))[partition]
        name = type(self._core).__name__
        if kept > self._position:
            log.error(
                "%s needs %s from offset %d, but the broker has deleted what is before %d: "
                "those records are not counted. Raise `topics.retention_hours`.",
                name, partition.topic, self._position, kept,
            )  # fmt: skip
            self._position = kept
        log.info("%s goes on at offset %d", name, self._position)

    def _apply(self, values: list[bytes], topic: str) -> list[Outgoing]:
        outgoing: list[Outgoing] = []
        for value in values:
            outgoing += self._core.apply(value)
            self._acks.step(topic)
        return outgoing

    async def _in_order(self, events: list[Event]) -> list[bytes]:
        """Keep the events that the state does not contain, and go back where some are missing.

        The committed position can be ahead of the state: a worker that had lost the partition may have saved
        an older state over a newer one. The topic still holds what is missing.
        """
        assert self._position is not None
        values = []
        missing = None
        for event in events:
            offset = event.message.offset
            if offset > self._position:
                # What was fetched before we go back comes again after it.
                missing = event.message.tp
                continue
            if offset == self._position:
                # Older ones that come again do not show that we have gone back.
                self._missing = None
                values.append(event.value)
                self._position = offset + 1
            self._pending.append(event)
        if missing is not None:
            await self._go_back(missing)
        return values

    async def _go_back(self, partition: Any) -> None:
        assert self._position is not None
        log.warning("state ends at offset %d and input went on after it: reading again", self._position)
        self._missing = partition
        # Revoked this moment: whoever has it now goes back by itself.
        with contextlib.suppress(IllegalStateError):
            await self._app.consumer.seek(partition, self._position)

    async def _save(self) -> None:
        if self._position is None:
            return
        head, segments = self._core.save()
        await self._checkpoint.save(self._position, head, segments)
        self._saved_at = time.monotonic()
        for event in self._pending:
            self._acks.ack(event)
        self._pending.clear()

    async def _save_regularly(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_INTERVAL)
            async with self._lock:
                if self._pending:
                    await self._save()
                if self._missing is not None:
                    # Faust may have dropped what came back as read already: records were in flight.
                    await self._go_back(self._missing)
