"""How far a replay has come: event time against the clock, with a hand on it."""

from __future__ import annotations

import math

SPEEDS = (1.0, 60.0, 600.0, 3600.0, 21_600.0, 86_400.0, math.inf)
"""Times faster than it happened."""


class Player:
    """Says which moment of event time a replay may have reached; all times are seconds, `now` a steady clock.

    A replay starts paused. With infinite speed it may have reached everything.
    """

    def __init__(self, begin: float, speed: float = 3600.0) -> None:
        self.playing = False
        self.speed = speed
        self._event = begin
        """Event time at `_since`."""
        self._since = 0.0

    def play(self, now: float) -> None:
        """Go on from where it stands."""
        if not self.playing:
            self.playing, self._since = True, now

    def pause(self, now: float, reached: float) -> None:
        """Stop at `reached`, event time."""
        self.playing, self._since = False, now
        self._event = reached

    def turn(self, speed: float, now: float, reached: float) -> None:
        """Go on at another speed from `reached`, event time."""
        if not speed > 0:
            raise ValueError(f"speed is {speed}; it must be above 0")
        self.speed, self._event, self._since = speed, reached, now

    def due(self, now: float) -> float:
        """The event time that may have been reached by now."""
        if not self.playing:
            return self._event
        if self.speed == math.inf:
            return math.inf
        return self._event + (now - self._since) * self.speed

    def wait(self, moment: float, now: float) -> float:
        """Seconds until event time `moment` is due; infinite while paused."""
        if not self.playing:
            return math.inf
        if self.speed == math.inf:
            return 0.0
        return max(0.0, (moment - self.due(now)) / self.speed)
