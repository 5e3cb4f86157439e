"""Which source offsets were counted: what turns at-least-once delivery into counting once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right


class CountedOffsets:
    """Offsets of one partition that were accounted for, as sorted disjoint ranges [start, end).

    A partition is read in order, so this is one range nearly always; a worker that took over and one that
    came back late can leave more, until the gap between them is filled.
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
