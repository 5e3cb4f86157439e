"""Scores of texts that were read lately, for feeds that carry one story many times."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

ENTRIES = 32_768
"""Texts that are remembered; some 300 bytes each."""


class CacheInfo(NamedTuple):
    """How often a cache helped."""

    hits: int
    """Texts that needed no model."""
    misses: int
    entries: int
    """Texts that are remembered."""
    size: int
    """Texts that can be."""


class LogitsCache:
    """Rows of the latest texts by their keys; what nobody asked for longest goes. Threads may share it."""

    def __init__(self, size: int = ENTRIES) -> None:
        self._size = size
        self._rows: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()
        self._hits = self._misses = 0

    def get(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """The rows of those keys that are there."""
        found = {}
        with self._lock:
            for key in keys:
                row = self._rows.get(key)
                if row is not None:
                    found[key] = row
                    self._rows.move_to_end(key)
        return found

    def put(self, rows: Mapping[bytes, bytes]) -> None:
        """Remember these."""
        with self._lock:
            for key, row in rows.items():
                self._rows[key] = row
                self._rows.move_to_end(key)
            for _ in range(len(self._rows) - self._size):
                self._rows.popitem(last=False)

    def count(self, hits: int, misses: int) -> None:
        """Add to the counts of `info`."""
        with self._lock:
            self._hits += hits
            self._misses += misses

    def info(self) -> CacheInfo:
        """Counts since the start."""
        with self._lock:
            return CacheInfo(self._hits, self._misses, len(self._rows), self._size)


def text_digest(text: str) -> bytes:
    """A text's key, 16 bytes, so that long texts take no more memory than short ones."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
