"""Stops a supervised worker when its supervisor is gone, however that ended."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time

log = logging.getLogger(__name__)

_GRACE = 25.0
"""Seconds for a clean stop."""


def stop_with_parent() -> None:
    """Watch standard input, which the supervisor holds open; its end is ours.

    A pipe works on every system, and when the supervisor is killed, too.
    """
    threading.Thread(target=_watch, name="supervisor", daemon=True).start()


def _watch() -> None:
    # Not through sys.stdin: its lock, held by a daemon thread, would abort the interpreter's shutdown.
    while os.read(0, 4096):
        pass
    log.warning("the supervisor is gone: stopping")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE)
    os._exit(1)
