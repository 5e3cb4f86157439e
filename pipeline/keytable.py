"""Where keys are found: a hash table in two arrays, asked a batch at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_EMPTY = -1
_SMALLEST = 1024
_FULLEST, _ROOMY = 0.65, 0.45
"""Share of slots that may be taken, and that are when the table has been made anew."""
_MIX = np.uint64(0x9E3779B97F4A7C15)
_WRAP = 1 << 32


class KeyTable:
    """Maps 63-bit keys to the numbers of rows in a log that grows at one end and is forgotten at the other.

    Memory: 12 bytes a slot, 27 to 54 bytes a key. Open addressing with linear probing (Knuth, volume 3,
    section 6.4). What the log has forgotten is not found, and leaves when the table is next made anew.
    """

    def __init__(self) -> None:
        self._make(_SMALLEST)

    def _make(self, slots: int) -> None:
        self._keys = np.full(slots, _EMPTY, np.int64)
        # Numbers modulo 2³²: which one is meant follows from what the log holds.
        self._numbers = np.zeros(slots, np.uint32)
        self._used = 0
        self._shift = np.uint64(64 - slots.bit_length() + 1)

    @property
    def slots(self) -> int:
        """Room it takes, 12 bytes each."""
        return self._keys.size

    def find(self, keys: Ints, first: int, end: int) -> Ints:
        """Number of each key in the log that holds the rows [first, end); -1 where it is not there."""
        at = self._probe(keys)
        return np.where(self._keys[at] == keys, self.numbers(at, first, end), -1)

    def put(self, keys: Ints, numbers: Ints, first: int, end: int) -> None:
        """Note the numbers of keys, in place of older ones; the log holds the rows [first, end)."""
        self.note(self.places(keys, first, end), numbers)

    def places(self, keys: Ints, first: int, end: int) -> Ints:
        """Find a place for each key, equal keys the same; it holds until the next call.

        What is there without a number counts as not there.
        """
        if self._used + keys.size > _FULLEST * self._keys.size:
            self._renew(keys.size, first, end)
        at = self._probe(keys)
        waiting = np.flatnonzero(self._keys[at] == _EMPTY)
        while waiting.size:
            place = at[waiting]
            # Of several keys that meet at an empty slot one stays; the others go on from there.
            self._keys[place] = keys[waiting]
            self._numbers[place] = np.arange(waiting.size)
            self._used += int(np.count_nonzero(self._numbers[place] == np.arange(waiting.size)))
            self._numbers[place] = (first - 1) % _WRAP
            waiting = waiting[self._keys[place] != keys[waiting]]
            at[waiting] = self._probe(keys[waiting])
            waiting = waiting[self._keys[at[waiting]] == _EMPTY]
        return at

    def numbers(self, places: Ints, first: int, end: int) -> Ints:
        """Number of what is at each place, as long as the log holds it; else -1."""
        ages = (self._numbers[places] - np.uint32(first % _WRAP)).astype(np.int64)
        return np.where(ages < end - first, first + ages, -1)

    def note(self, places: Ints, numbers: Ints) -> None:
        """Note the numbers of what is at some places."""
        self._numbers[places] = (numbers % _WRAP).astype(np.uint32)

    def _probe(self, keys: Ints) -> Ints:
        """Slot of each key, or the empty one where it belongs."""
        mask = self._keys.size - 1
        at = ((keys.astype(np.uint64) * _MIX) >> self._shift).astype(np.int64)
        found = self._keys[at]
        astray = np.flatnonzero((found != keys) & (found != _EMPTY))
        while astray.size:
            moved = (at[astray] + 1) & mask
            at[astray] = moved
            found = self._keys[moved]
            astray = astray[(found != keys[astray]) & (found != _EMPTY)]
        return at

    def _renew(self, more: int, first: int, end: int) -> None:
        ages = (self._numbers - np.uint32(first % _WRAP)).astype(np.int64)
        kept = (self._keys != _EMPTY) & (ages < end - first)
        keys, numbers = self._keys[kept], first + ages[kept]
        slots = _SMALLEST
        while keys.size + more > _ROOMY * slots:
            slots *= 2
        self._make(slots)
        self.put(keys, numbers, first, end)
