"""How long a supervisor waits before it starts a worker again: pure, time comes as an argument."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST = 0.25
_LONGEST = 30.0
_CALM = 10.0
"""Seconds a worker must have run for its earlier ends to be forgotten."""


@dataclass
class Restarts:
    """The ends of one worker, and the pause that each earns."""

    in_a_row: int = 0
    """Ends of workers that had not run for a while."""
    total: int = 0

    def ended(self, lived: float) -> float:
        """Take note that it ended after `lived` seconds; returns the seconds to wait before the next start.

        The first restart comes almost at once, for a killed worker's partitions wait for it. Each further
        one waits twice as long, up to half a minute: something is wrong that a restart does not mend.
        """
        self.in_a_row = 1 if lived >= _CALM else self.in_a_row + 1
        self.total += 1
        return min(_LONGEST, _FIRST * 2.0 ** (self.in_a_row - 1))
