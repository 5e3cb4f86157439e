"""Micro-batching between a Faust stream and work that takes whole batches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import faust

Event = Any
"""A `faust.Event`; Faust's own type does not tell what its message holds."""
Stream = Any
"""A `faust.Stream` of them; the type that Faust gives agents lacks `noack`."""

_GLANCE = 0.005
"""Seconds between two looks at whether the batch at work is done, while nothing comes in."""


class Batching:
    """Gathers events into batches by budget and deadline, and fills the next one while one is at work.

    At most one batch is at work, one is filling, and `capacity` events or `capacity_bytes` of them wait,
    whichever is reached first: when the work is slower than the feed, the stream is not read on, and lag
    grows in Kafka and not in memory.
    """

    def __init__(
        self,
        work: Callable[[list[Event]], Coroutine[Any, Any, None]],
        *,
        budget: int,
        deadline: float,
        cost: Callable[[Event], int] = lambda event: 1,
        capacity: int = 1024,
        capacity_bytes: int = 32 * 1024 * 1024,
        size: Callable[[Event], int] = lambda event: len(event.value or b""),
    ) -> None:
        self._work = work
        self._budget = budget
        self._deadline = deadline
        self._cost = cost
        self._waiting: asyncio.Queue[Event] = asyncio.Queue(maxsize=capacity)
        self._capacity_bytes = capacity_bytes
        self._size = size
        self._bytes = 0
        self._room = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Events that are in no batch yet."""
        return self._waiting.qsize()

    async def run(self, stream: Stream) -> None:
        """Feed the stream's events to the work until the stream ends; an error of the work ends it."""
        async with asyncio.TaskGroup() as tasks:
            loop = tasks.create_task(self._loop(tasks))
            async for event in stream.noack().events():
                while self._bytes >= self._capacity_bytes:
                    self._room.clear()
                    await self._room.wait()
                self._bytes += self._size(event)
                await self._waiting.put(event)
            loop.cancel()

    async def _loop(self, tasks: asyncio.TaskGroup) -> None:
        at_work: asyncio.Task[None] | None = None
        while True:
            batch = await self._fill(at_work)
            if at_work is not None:
                await at_work
            at_work = tasks.create_task(self._work(batch))

    async def _fill(self, at_work: asyncio.Task[None] | None) -> list[Event]:
        """Gather up to the budget, or until the deadline has passed and nothing else is at work."""
        event = self._taken(await self._waiting.get())
        batch = [event]
        cost = self._cost(event)
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._deadline
        while cost < self._budget:
            if self._waiting.empty():
                left = deadline - clock()
                if left <= 0 and (at_work is None or at_work.done()):
                    break
                await asyncio.sleep(_GLANCE)
            else:
                event = self._taken(self._waiting.get_nowait())
                batch.append(event)
                cost += self._cost(event)
        return batch

    def _taken(self, event: Event) -> Event:
        self._bytes -= self._size(event)
        self._room.set()
        return event


@asynccontextmanager
async def crash_on_error(app: faust.App) -> AsyncIterator[None]:
    """Stop the whole worker on an error inside: Faust alone would log it and leave the agent dead."""
    try:
        yield
    except asyncio.CancelledError:
        raise
    except BaseException as error:
        await app.crash(error)
        raise
