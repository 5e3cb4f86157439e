"""What was seen within the horizon, in segments that are written once and dropped whole."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from msgspec import Struct

SEGMENT_SIZE = 65_536
_SEGMENT_MINUTES = 60


class Segment(Struct):
    """Some keys that were first seen one after the other."""

    number: int
    since: int
    """Minute in which the first key was added."""
    until: int
    """Minute in which the last key was added."""
    keys: bytes = b""
    """Signed 64-bit integers of this machine's order; empty in a snapshot's head where it was sealed."""


class Seen:
    """A set of 63-bit keys that forgets those added longer than `horizon` minutes ago.

    Memory: a set entry and 8 bytes a key, for the keys of the horizon. Keys leave by whole segments, so up
    to an hour later than the horizon says, never earlier.
    """

    def __init__(self, horizon: int) -> None:
        self._horizon = horizon
        self._keys: set[int] = set()
        self._sealed: list[tuple[Segment, array[int]]] = []
        self._open = Segment(number=0, since=0, until=0)
        self._open_keys: array[int] = array("q")

    def __contains__(self, key: int) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: int, minute: int) -> bool:
        """Add a key as of this minute; False where it was there already."""
        if key in self._keys:
            return False
        self._keys.add(key)
        if not self._open_keys:
            self._open.since = self._open.until = minute
        self._open_keys.append(key)
        self._open.until = max(self._open.until, minute)
        return True

    def expire(self, minute: int) -> None:
        """Seal a full or old segment and forget what lies beyond the horizon as of this minute."""
        if len(self._open_keys) >= SEGMENT_SIZE or (
            self._open_keys and minute - self._open.since >= _SEGMENT_MINUTES
        ):
            self._sealed.append((self._open, self._open_keys))
            self._open = Segment(number=self._open.number + 1, since=minute, until=minute)
            self._open_keys = array("q")
        while self._sealed and self._sealed[0][0].until < minute - self._horizon:
            self._keys.difference_update(self._sealed.pop(0)[1])

    def head(self) -> list[Segment]:
        """Describe every segment, sealed ones without their keys: small, and changes with each key."""
        sealed = [segment for segment, _ in self._sealed]
        current = Segment(
            number=self._open.number,
            since=self._open.since,
            until=self._open.until,
            keys=self._open_keys.tobytes(),
        )
        return [*sealed, current]

    def sealed(self) -> dict[int, bytes]:
        """Keys of the sealed segments by number; a number's keys never change."""
        return {segment.number: keys.tobytes() for segment, keys in self._sealed}

    def restore(self, head: Iterable[Segment], sealed: dict[int, bytes]) -> None:
        """Become what `head` and `sealed` describe; KeyError where a sealed segment is missing."""
        *closed, current = head
        self._sealed = []
        self._keys = set()
        for segment in closed:
            keys = array("q", sealed[segment.number])
            self._sealed.append((segment, keys))
            self._keys.update(keys)
        self._open_keys = array("q", current.keys)
        self._keys.update(self._open_keys)
        self._open = Segment(number=current.number, since=current.since, until=current.until)
