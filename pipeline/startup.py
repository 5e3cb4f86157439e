"""Waiting, with a limit, for what a command cannot do without."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.errors import TocsinError

log = logging.getLogger(__name__)

T = TypeVar("T")

_LONGEST_PAUSE = 5.0


def await_part(
    attempt: Callable[[], T],
    away: type[Exception] | tuple[type[Exception], ...],
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Try until it succeeds, with growing pauses; after `timeout` seconds raise `TocsinError`.

    `attempt` raises one of `away`, whose message names the part's address and setting, while it is away.
    """
    deadline = clock() + timeout
    pause = 0.25
    while True:
        try:
            return attempt()
        except away as error:
            left = deadline - clock()
            if left <= 0:
                raise TocsinError(f"{error} (tried for {timeout:.0f} s)") from error
            log.warning("%s; trying again", error)
            sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
