"""The store behind the API, opened when first asked: one that is away does not keep the API from starting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from dashboards.api.problems import Busy
from pipeline.store import Store

_PATIENCE = 5.0
"""Seconds a question waits for its turn."""
GOING_ON = 60.0
"""Seconds that the next portion of an answer waits: once begun it cannot be refused, only broken off."""


class Source:
    """Hands out the store, to so many questions at once, and no more."""

    def __init__(self, opened: Callable[[], Store], *, at_once: int) -> None:
        self._open = opened
        self._at_once = at_once
        self._turns = BoundedSemaphore(at_once)
        self._lock = Lock()
        self._store: Store | None = None

    @contextmanager
    def store(self, patience: float = _PATIENCE) -> Iterator[Store]:
        """The store for one question; raises Busy where no turn comes, StoreUnavailable where it is away."""
        if not self._turns.acquire(timeout=patience):
            raise Busy(f"{self._at_once} questions are being answered; ask again in some seconds")
        try:
            with self._lock:
                if self._store is None:
                    self._store = self._open()
                store = self._store
            yield store
        finally:
            self._turns.release()

    def close(self) -> None:
        """Close the store, if it was opened."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None
