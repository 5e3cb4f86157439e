"""Runs a command for as long as its parent lives: `python guard.py PARENT_PID COMMAND...`.

The parent holds the other end of our standard input. When that closes, whether it was meant or the parent was
killed, the command gets SIGTERM and time to stop cleanly, then SIGKILL. A pipe, because a "parent death
signal" set by the parent would fire when the starting *thread* ends. Standard library only, so that it
starts at once; it runs in a session of its own, so that Ctrl-C in a terminal reaches the parent alone and
the parent decides the order in which things stop.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence

GRACE_SECONDS = 20.0
_PR_SET_PDEATHSIG = 1


def _die_with_guard() -> None:
    """Have Linux stop the command should this guard itself be killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _parent_gone(parent: int) -> bool:
    # A process forked from the parent may hold the pipe open after it: so the parent's id counts as well.
    readable, _, _ = select.select([sys.stdin], [], [], 1.0)
    return bool(readable) or os.getppid() != parent


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit status, negative for the signal that ended it."""
    parent = int(arguments[0])
    child = subprocess.Popen(arguments[1:], stdin=subprocess.DEVNULL, preexec_fn=_die_with_guard)  # noqa: S603

    def watch() -> None:
        while not _parent_gone(parent):
            pass
        _stop(child)

    threading.Thread(target=watch, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) & 0xFF)
