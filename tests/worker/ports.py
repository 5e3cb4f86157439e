"""Ports in a row, for a supervisor and the workers after it."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack


def ports_in_a_row(count: int) -> int:
    """The first of `count` loopback ports that nobody has, below those that systems give to clients."""
    while True:
        first = random.randrange(20_000, 32_000)
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return first
