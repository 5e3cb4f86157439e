"""Which source offsets were counted: what turns at-least-once delivery into counting once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np
from numpy.typing import NDArray

MOST_RANGES = 1024
"""Ranges kept a partition; beyond that the lowest are forgotten, and document ids alone tell duplicates."""


class CountedOffsets:
    """Offsets of one partition that were accounted for, as sorted disjoint ranges [start, end).

    A partition is read in order, so this is one range nearly always; a worker that took over and one that
    came back late can leave more, until the gap between them is filled. A gap that retention has cut out of
    the topic is never filled. Memory: 16 bytes a range, of which there are at most 1,024.
    """

    def __init__(self, ranges: list[tuple[int, int]] | None = None) -> None:
        self._starts = [start for start, _ in ranges or ()]
        self._ends = [end for _, end in ranges or ()]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        """The ranges, to store and restore."""
        return list(zip(self._starts, self._ends, strict=True))

    def __contains__(self, offset: int) -> bool:
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset < self._ends[index]

    def among(self, offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each offset whether it was counted, shape (n,)."""
        if not self._starts:
            return np.zeros(offsets.size, bool)
        at = np.searchsorted(self._starts, offsets, side="right") - 1
        return np.asarray((at >= 0) & (offsets < np.array(self._ends)[at]))

    def overlaps(self, start: int, end: int) -> bool:
        """Tell whether any offset of [start, end) was counted: the quick test before looking at each."""
        index = bisect_right(self._ends, start)
        return start < end and index < len(self._starts) and self._starts[index] < end

    def add(self, start: int, end: int) -> None:
        """Count [start, end) in."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
        if len(self._starts) > MOST_RANGES:
            del self._starts[0], self._ends[0]
