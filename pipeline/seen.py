"""Which keys were seen within the horizon, in constant memory a key and never more keys than allowed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.keytable import Ints, KeyTable
from pipeline.rowlog import RowLog, Segment

Bools = np.ndarray[tuple[int], np.dtype[np.bool_]]

_KEY = np.dtype("<i8")


class Seen:
    """A set of 63-bit keys that forgets those added more than `horizon` hours ago, or the oldest of `most`.

    Memory: 8 to 12 bytes a key in the log and 27 to 54 in the table. Keys leave by whole segments of an event
    hour: up to an hour later than the horizon says, and earlier only where there are more than `most`.
    """

    def __init__(self, horizon: int, most: int) -> None:
        self._horizon = horizon
        self._most = most
        self._log = RowLog(_KEY)
        self._table = KeyTable()

    def __len__(self) -> int:
        return len(self._log)

    def has_room(self, more: int) -> bool:
        """Whether so many more keys leave all in their place."""
        return len(self) + more <= self._most

    def add(self, keys: Ints, hour: int) -> Bools:
        """Add keys in their order as of an event hour; True where a key was not there."""
        distinct, first = np.unique(keys, return_index=True)
        known = self._table.find(distinct, self._log.first, self._log.end)
        fresh = np.zeros(keys.size, bool)
        fresh[first[known < 0]] = True
        added = keys[fresh]
        start = self._log.append(added, hour)
        self._table.put(added, np.arange(start, self._log.end), self._log.first, self._log.end)
        return fresh

    def forget(self, hour: int) -> None:
        """Forget what lies beyond the horizon as of this event hour, or is too much."""
        self._log.forget(hour - self._horizon, self._most)

    def head(self) -> list[Segment]:
        """What a snapshot keeps and rewrites each time."""
        return self._log.head()

    @property
    def log(self) -> RowLog:
        """The keys in order; its sealed segments are the rest of a snapshot."""
        return self._log

    def restore(self, head: list[Segment], sealed: Mapping[int, bytes]) -> None:
        """Become what `head` and the sealed segments describe; KeyError where one is missing."""
        self._log.restore(head, sealed)
        numbers = np.arange(self._log.first, self._log.end)
        self._table = KeyTable()
        self._table.put(self._log[numbers], numbers, self._log.first, self._log.end)
