"""Ends a worker that has silently stopped, so that whoever supervises it starts it anew."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable

from pipeline.worker.health import Progress, healthy

log = logging.getLogger(__name__)

STALLED = 75
"""Exit status of a worker that had stopped making progress (EX_TEMPFAIL)."""
_LOOK = 1.0
_PAUSED = 10.0
"""Seconds between two looks that say that this process was stopped itself, with the loop it watches."""


def exit_when_stalled(
    progress: Progress,
    *,
    end: Callable[[int], None] = os._exit,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Look until the worker is unhealthy, say why and where every thread stands, and end the process.

    It runs in a thread of its own: consumers are known to stop without an error after days, and a loop that
    hangs cannot end itself. Nothing is flushed: what was not acknowledged is read again.
    """
    looked = clock()
    while True:
        pause(_LOOK)
        now = clock()
        stopped, looked = now - looked > _PAUSED, now
        if stopped:
            continue  # give the loop, too, a moment after SIGCONT
        verdict = healthy(progress, now)
        if not verdict.ok:
            log.critical(
                "the worker has stopped making progress (%s): ending with status %d to be started anew. "
                "Setting: `worker.stall_timeout`.",
                "; ".join(verdict.reasons), STALLED,
            )  # fmt: skip
            if sys.stderr is not None:
                faulthandler.dump_traceback(sys.stderr)
                sys.stderr.flush()
            end(STALLED)
            return


def start_watchdog(progress: Progress) -> None:
    """Watch from a thread that ends with the process."""
    threading.Thread(target=exit_when_stalled, args=(progress,), name="watchdog", daemon=True).start()
