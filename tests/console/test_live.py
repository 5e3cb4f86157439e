"""One look at a pulse for all who watch."""

from __future__ import annotations

import asyncio

from dashboards.console.live import Live


class Watched:
    """A pulse that a test moves, and how often it was looked at."""

    def __init__(self) -> None:
        self.value: object = 0
        self.looks = asyncio.Semaphore(0)
        self.loop = asyncio.get_running_loop()

    async def looked(self, times: int) -> None:
        """Wait until it was looked at so many times more."""
        self.looks = asyncio.Semaphore(0)
        for _ in range(times):
            await self.looks.acquire()

    def pulse(self) -> object:
        self.loop.call_soon_threadsafe(self.looks.release)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


async def test_whoever_watches_is_called_at_every_change_and_not_between() -> None:
    watched, calls, live = Watched(), asyncio.Queue[str](), Live(interval=0.001)

    async def first() -> None:
        await calls.put("first")

    async def second() -> None:
        await calls.put("second")

    stops = [live.watch("run", watched.pulse, each) for each in (first, second)]
    assert {await calls.get(), await calls.get()} == {"first", "second"}  # the first look counts
    await watched.looked(3)
    assert calls.empty()
    watched.value = 1
    assert {await calls.get(), await calls.get()} == {"first", "second"}
    stops[0]()
    watched.value = 2
    assert await calls.get() == "second"
    stops[1]()


async def test_a_store_that_goes_away_and_comes_back_is_noticed_once_each() -> None:
    watched, calls, live = Watched(), asyncio.Queue[object](), Live(interval=0.001)

    async def changed() -> None:
        await calls.put(watched.value)

    stop = live.watch("run", watched.pulse, changed)
    await calls.get()
    away = RuntimeError("away")
    watched.value = away
    assert await calls.get() is away
    await watched.looked(3)
    assert calls.empty()
    watched.value = 0
    assert await calls.get() == 0
    stop()


async def test_a_page_that_fails_does_not_stop_the_others() -> None:
    watched, calls, live = Watched(), asyncio.Queue[str](), Live(interval=0.001)

    async def broken() -> None:
        raise RuntimeError("told to")

    async def sound() -> None:
        await calls.put("sound")

    stops = [live.watch("run", watched.pulse, each) for each in (broken, sound)]
    assert await calls.get() == "sound"
    watched.value = 1
    assert await calls.get() == "sound"
    for stop in stops:
        stop()
