"""Seeing that something changed: one look at a pulse for all who have it open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

log = logging.getLogger(__name__)

INTERVAL = 0.3
"""Seconds between two looks: with what a page takes to be read, an update shows within the second."""

OnChange = Callable[[], Awaitable[None]]
Pulse = Callable[[], Any]
"""What stands for all of something's data; blocking, raises where the store is away."""


class Live:
    """Polls the pulse of each thing that somebody watches, and calls them when it changed.

    A pulse that cannot be read counts as a change too: whoever watches then finds the store away, and finds
    it back by itself.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._pulses: dict[str, Pulse] = {}
        self._watching: dict[str, set[OnChange]] = {}
        self._last: dict[str, Any] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, name: str, pulse: Pulse, on_change: OnChange) -> Callable[[], None]:
        """Call `on_change` whenever the pulse changes, until what this returns is called.

        Whoever watches something of the same name shares one pulse.
        """
        self._pulses[name] = pulse
        self._watching.setdefault(name, set()).add(on_change)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look())

        def stop() -> None:
            watchers = self._watching.get(name, set())
            watchers.discard(on_change)
            if not watchers:
                for kept in (self._watching, self._last, self._pulses):
                    kept.pop(name, None)

        return stop

    async def _look(self) -> None:
        while self._watching:
            await asyncio.gather(*(self._look_at(name) for name in list(self._watching)))
            await asyncio.sleep(self._interval)

    async def _look_at(self, name: str) -> None:
        try:
            pulse = await asyncio.to_thread(self._pulses[name])
        except Exception as error:
            pulse = f"{type(error).__name__}"
        if name in self._last and self._last[name] == pulse:
            return
        # The first look counts as a change: what came between a page's first reading and it is not missed.
        self._last[name] = pulse
        watchers = list(self._watching.get(name, ()))
        for done in await asyncio.gather(*(each() for each in watchers), return_exceptions=True):
            if isinstance(done, Exception):
                log.error("a page could not be brought up to date", exc_info=done)
