"""What a worker knowingly waits for: a broker or a database that is away. Waiting is not having stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from prometheus_client import Gauge


class Wait:
    """One piece of work that may have to wait."""

    def __init__(self, waits: Waits, part: str) -> None:
        self._waits = waits
        self._part = part
        self._waiting = False

    def begin(self, reason: str) -> None:
        """Say that the part is away, and why; may be said again."""
        self._waits.note(self._part, reason, 0 if self._waiting else 1)
        self._waiting = True

    def end(self) -> None:
        """Say that the work went on."""
        if self._waiting:
            self._waits.note(self._part, "", -1)
        self._waiting = False


class Waits:
    """Which parts are away, as the work that waits for them says; safe to call from several threads."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._lock = Lock()
        self._waiting: dict[str, int] = {}
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> dict[str, str]:
        """Why, by part, of the parts that something waits for now."""
        with self._lock:
            return dict(self._reasons)

    @contextmanager
    def on(self, part: str) -> Iterator[Wait]:
        """Do a piece of work on `part`; however it ends, it waits no more then."""
        wait = Wait(self, part)
        try:
            yield wait
        finally:
            wait.end()

    def note(self, part: str, reason: str, change: int) -> None:
        """Count `change` more pieces of work that wait for `part`."""
        with self._lock:
            waiting = self._waiting[part] = self._waiting.get(part, 0) + change
            if waiting:
                self._reasons[part] = reason or self._reasons[part]
            else:
                self._reasons.pop(part, None)
        self._gauge.labels(part).set(waiting)
