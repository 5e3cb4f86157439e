"""How fast a replay goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime


class Pace:
    """Event time against the clock: `speed` seconds of the past pass in one second of now.

    An infinite speed waits for nothing. `clock` and `sleep` are in seconds and handed in by tests.
    """

    def __init__(
        self,
        speed: float = math.inf,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}; it must be above 0")
        self._speed = speed
        self._clock = clock
        self._sleep = sleep

    def batches(self, stamps: Sequence[datetime], size: int) -> Iterator[range]:
        """Cut positions 0, 1, … of ascending `stamps` into runs of at most `size`, each given when it is due.

        The first stamp is due at once. A run is never longer than what is due by then, so that nothing is
        heard before its time, and what has fallen behind is taken together.
        """
        begun = self._clock()
        position = 0
        while position < len(stamps):
            until = position + size
            if self._speed != math.inf:
                wait = begun + self._due(stamps, position) - self._clock()
                if wait > 0:
                    self._sleep(wait)
                passed = self._clock() - begun
                limit, until = until, position + 1
                while until < min(limit, len(stamps)) and self._due(stamps, until) <= passed:
                    until += 1
            run = range(position, min(until, len(stamps)))
            yield run
            position = run.stop

    def _due(self, stamps: Sequence[datetime], position: int) -> float:
        return (stamps[position] - stamps[0]).total_seconds() / self._speed
