"""Looking until something is there: for what real servers do in their own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def eventually(see: Callable[[], Any], seconds: float = 60) -> Any:
    """Look until there is something to see, and return it; AssertionError when there never is."""
    deadline = time.monotonic() + seconds
    while True:
        seen = see()
        if seen or time.monotonic() > deadline:
            assert seen, f"not seen in {seconds} s"
            return seen
        time.sleep(0.1)
