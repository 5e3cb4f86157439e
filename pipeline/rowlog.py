"""Rows in the order in which they came, in segments that never change once sealed and are dropped whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

SEGMENT_ROWS = 32_768
"""Rows of a segment at most: sealed, it is one record of a changelog."""


class Segment(Struct):
    """Rows [start, end) of a log, all of one event hour."""

    number: int
    hour: int
    start: int
    end: int
    rows: bytes = b""
    """The rows, in a snapshot's head, while the segment still grows."""


class RowLog:
    """An array of rows that grows at one end and forgets whole segments, oldest first, at the other.

    A segment ends with its hour or when it is full, whatever the batches: so what is forgotten, and what a
    snapshot writes anew, follows from the rows alone.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._dtype = dtype
        self._store = np.empty(1024, dtype)
        self._offset = 0
        self._segments = [Segment(number=0, hour=0, start=0, end=0)]

    @property
    def first(self) -> int:
        """Number of the oldest row that is kept."""
        return self._segments[0].start

    @property
    def end(self) -> int:
        """Number that the next row will have."""
        return self._segments[-1].end

    def __len__(self) -> int:
        return self.end - self.first

    def __getitem__(self, numbers: Any) -> NDArray[Any]:
        """Rows by their numbers."""
        return np.asarray(self._store[numbers - self._offset])

    def append(self, rows: NDArray[Any], hour: int) -> int:
        """Add rows of an hour, which never goes back; returns the number of the first."""
        first = self.end
        self._make_room(rows.size)
        at = first - self._offset
        self._store[at : at + rows.size] = rows
        left = rows.size
        while left:
            current = self._segments[-1]
            if current.end == current.start:
                current.hour = hour
            elif current.hour != hour or current.end - current.start == SEGMENT_ROWS:
                current = Segment(current.number + 1, hour, current.end, current.end)
                self._segments.append(current)
            taken = min(left, SEGMENT_ROWS - (current.end - current.start))
            current.end += taken
            left -= taken
        return first

    def _make_room(self, more: int) -> None:
        used = self.end - self._offset
        if used + more <= self._store.size:
            return
        kept = self._store[self.first - self._offset : used]
        store = np.empty(max(1024, int(1.5 * (kept.size + more))), self._dtype)
        store[: kept.size] = kept
        self._store, self._offset = store, self.first

    def forget(self, before_hour: int, most: int) -> None:
        """Drop segments of earlier hours, and the oldest while more than `most` rows are kept."""
        while len(self._segments) > 1 and (
            self._segments[0].hour < before_hour or self.end - self._segments[0].start > most
        ):
            self._segments.pop(0)
        last = self._segments[-1]
        if last.hour < before_hour and last.end > last.start:
            self._segments = [Segment(last.number + 1, before_hour, last.end, last.end)]

    def head(self) -> list[Segment]:
        """Describe every segment, the one that grows with its rows."""
        *sealed, current = self._segments
        rows = self[np.arange(current.start, current.end)].tobytes()
        return [*sealed, Segment(current.number, current.hour, current.start, current.end, rows)]

    def sealed(self) -> list[int]:
        """Numbers of the segments that will not change."""
        return [segment.number for segment in self._segments[:-1]]

    def segment(self, number: int) -> bytes:
        """Rows of a sealed segment."""
        segment = self._segments[number - self._segments[0].number]
        return self[np.arange(segment.start, segment.end)].tobytes()

    def restore(self, head: Iterable[Segment], sealed: Mapping[int, bytes]) -> None:
        """Become what `head` and the rows of its sealed segments describe; KeyError where one is missing."""
        segments = list(head)
        rows = [segment.rows or sealed.get(segment.number, b"") for segment in segments]
        for segment, content in zip(segments, rows, strict=True):
            if len(content) != (segment.end - segment.start) * self._dtype.itemsize:
                raise KeyError(f"segment {segment.number} is missing from the snapshot")
            segment.rows = b""
        self._offset = segments[0].start
        self._store = np.frombuffer(bytearray(b"".join(rows)), self._dtype)
        self._segments = segments
