"""Wall clock that a step of the machine's clock does not carry along at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

log = logging.getLogger(__name__)

_STEP = 5.0
"""Seconds by which the machine's clock may be off what has passed before that is a step, not a correction."""
_SETTLED = 60.0
"""Seconds a step must last before it is believed."""


class SteadyClock:
    """Tells the wall clock, and keeps its own time through a step that is taken back within a minute.

    A clock that jumps an hour ahead would close the hour's minutes, and what comes then would be late. So
    between two looks no more time passes than the monotonic clock says, give or take `_STEP`; a step that
    lasts is followed, for then it was the time before that was wrong. Safe to call from several threads.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead = wall() - monotonic()
        self._stepped_at: float | None = None
        self._lock = Lock()

    def time(self) -> float:
        """Unix seconds."""
        with self._lock:
            monotonic = self._monotonic()
            ahead = self._wall() - monotonic
            step = ahead - self._ahead
            if abs(step) <= _STEP:
                self._stepped_at = None
            elif self._stepped_at is None:
                self._stepped_at = monotonic
                log.warning(
                    "the machine's clock stepped by %.0f s; going on without the step unless it lasts %.0f s",
                    step, _SETTLED,
                )  # fmt: skip
            elif monotonic - self._stepped_at >= _SETTLED:
                self._stepped_at = None
                log.warning("the clock's step of %.0f s has lasted: following it", step)
            if self._stepped_at is None:
                self._ahead = ahead
            return monotonic + self._ahead

    def now(self) -> datetime:
        """The same as a moment in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)
