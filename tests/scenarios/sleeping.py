"""Sleep where the clock is faked: libfaketime calls a deadline that has just passed an invalid one.

Import it before anything that takes `time.sleep` as it finds it.
"""

from __future__ import annotations

import errno
import os
import time

_sleep = time.sleep


def sleep(seconds: float) -> None:
    """Sleep; a deadline that passed between asking and sleeping is over."""
    try:
        _sleep(seconds)
    except OSError as error:
        if error.errno != errno.EINVAL or seconds < 0:
            raise


if "faketime" in os.environ.get("LD_PRELOAD", ""):
    time.sleep = sleep
