from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pipeline.worker.stage import Batching


class FakeStream:
    """Hands out items as a Faust stream does, then stays open until told to end."""

    def __init__(self, items: list[int]) -> None:
        self._items = items
        self.read = 0
        self.end = asyncio.Event()

    def noack(self) -> FakeStream:
        return self

    async def events(self) -> Any:
        for item in self._items:
            self.read += 1
            yield item
        await self.end.wait()


async def test_batches_fill_to_the_budget_while_one_is_at_work() -> None:
    batches: list[list[int]] = []
    first_may_end = asyncio.Event()
    done = asyncio.Event()

    async def work(batch: list[int]) -> None:
        batches.append(batch)
        if len(batches) == 1:
            await first_may_end.wait()
        if sum(map(len, batches)) == 10:
            done.set()

    stream = FakeStream(list(range(10)))
    # A deadline of no time: only the work at hand lets the next batch fill.
    batching = Batching(work, budget=5, deadline=0.0, cost=lambda item: 1, size=lambda item: 1)
    run = asyncio.create_task(batching.run(stream))
    while batching.waiting or not batches:  # noqa: ASYNC110
        await asyncio.sleep(0)
    first_may_end.set()
    await done.wait()
    assert [item for batch in batches for item in batch] == list(range(10))
    assert max(map(len, batches)) == 5
    stream.end.set()
    await run


@pytest.mark.parametrize(("limits", "waiting"), [({"capacity": 8}, 8), ({"capacity_bytes": 800}, 8)])
async def test_slow_work_stops_the_reading(limits: dict[str, int], waiting: int) -> None:
    never = asyncio.Event()

    async def work(batch: list[int]) -> None:
        await never.wait()

    stream = FakeStream(list(range(1000)))
    batching = Batching(work, budget=2, deadline=0.0, size=lambda item: 100, **limits)
    run = asyncio.create_task(batching.run(stream))
    before = -1
    while stream.read != before:
        before = stream.read
        await asyncio.sleep(0.02)
    # One batch at work, one full behind it, the queue, and the one that waits to enter it.
    assert stream.read <= 2 + 2 + waiting + 1
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run


async def test_an_error_of_the_work_ends_the_run() -> None:
    async def work(batch: list[int]) -> None:
        raise OSError("disk full")

    stream = FakeStream([1])
    with pytest.raises(ExceptionGroup) as caught:
        await Batching(work, budget=1, deadline=0.0, size=lambda item: 1).run(stream)
    assert caught.group_contains(OSError, match="disk full")
