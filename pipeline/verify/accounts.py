"""Whether each document of a partition was scored, and counted or rejected, once: a fingerprint an offset."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.offsets import CountedOffsets
from pipeline.records import ROW_BYTES, Rejected, ScoredDocument, Tally
from pipeline.tally import rows_of, tally

Ints = NDArray[np.int64]

Fault = Literal[
    "uncounted", "uncovered", "dropped", "unscored", "changed", "recounted", "unrejected", "unrefused"
]
"""What may be wrong with one document:

`uncovered`: no tally accounts for its offset; `uncounted`: one does, and holds no row of it;
`dropped`: told of by a tally that came after another had claimed its offset without a row: nobody counted it;
`unscored`: counted, without a record in `scored`; `changed`: counted with other values than `scored` tells;
`recounted`: two tallies tell of it, differently; `unrejected`: refused, and not in `rejected`;
`unrefused`: in `rejected`, and no tally says so.
"""


class Suspect(Struct, frozen=True):
    """One document of a partition with which something is wrong."""

    fault: Fault
    partition: int
    offset: int
    minute: int | None
    """Event minute; None where only its offset is known."""


class Marks:
    """Offsets with a fingerprint and an event minute each: 24 bytes a row, however long the run."""

    def __init__(self) -> None:
        self._offset = array("q")
        self._mark = array("q")
        self._minute = array("q")

    def add(self, offset: int, mark: int, minute: int) -> None:
        """Note one row; the same may come again."""
        self._offset.append(offset)
        self._mark.append(mark)
        self._minute.append(minute)

    def holds(self, offsets: Ints) -> NDArray[np.bool_]:
        """Tell of each offset whether a row of it was noted."""
        return np.isin(offsets, np.frombuffer(self._offset, np.int64))

    def table(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Offsets in order, each once, with mark and minute; and offsets whose rows contradict each other."""
        offset, mark, minute = (_ints(each) for each in (self._offset, self._mark, self._minute))
        order = np.lexsort((mark, offset))
        offset, mark, minute = offset[order], mark[order], minute[order]
        again = offset[1:] == offset[:-1]
        contradicted = np.unique(offset[1:][again & (mark[1:] != mark[:-1])])
        first = np.concatenate([[True], ~again]) if len(offset) else np.zeros(0, dtype=bool)
        return offset[first], mark[first], minute[first], contradicted


class Account:
    """What the topics say of one partition of `documents`."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.covered = CountedOffsets()
        """Offsets that tallies account for."""
        self.refused: set[int] = set()
        """Offsets that tallies name as rejected."""
        self.rejections: set[int] = set()
        """Offsets that are in `rejected`."""
        self.dropped: dict[int, int] = {}
        """Event minute by offset of what no tally counts, though one tells of it."""
        self._scored = Marks()
        self._tallied = Marks()

    def take_tally(self, record: Tally) -> None:
        """Note what one tally accounts for, in the order in which the aggregate reads them."""
        told = list(marks(record))
        if told and self.covered.overlaps(record.start, record.end):
            self._note_dropped(told)
        for offset, mark, minute in told:
            self._tallied.add(offset, mark, minute)
        self.refused.update(record.rejected)
        self.covered.add(record.start, record.end)

    def _note_dropped(self, told: list[tuple[int, int, int]]) -> None:
        """The aggregate goes by ranges: what an earlier one claimed is counted, whether it held it or not."""
        offsets = np.array([offset for offset, _, _ in told], dtype=np.int64)
        known = self._tallied.holds(offsets)
        for (offset, _, minute), counted in zip(told, known.tolist(), strict=True):
            claimed = self.covered.overlaps(offset, offset + 1)
            if claimed and not counted and offset not in self.refused:
                self.dropped.setdefault(offset, minute)

    def take_scored(self, documents: Sequence[ScoredDocument]) -> None:
        """Note scored documents, all of this partition."""
        topics = sorted({document.topic for document in documents})
        record = tally(
            documents, run="", partition=self.partition, start=0, end=0, topics=topics
        )  # what they add up to, by the very function of the worker
        for offset, mark, minute in marks(record):
            self._scored.add(offset, mark, minute)

    def take_rejected(self, record: Rejected) -> None:
        """Note a record of `rejected` that came from this partition."""
        self.rejections.add(record.offset)

    @property
    def counted(self) -> int:
        """Distinct offsets that tallies hold a row of."""
        return len(self._tallied.table()[0])

    def suspects(self, low: int, bound: int | None, begin: int) -> list[Suspect]:
        """Everything that is wrong with offsets of [low, bound); without `bound`, to the end of the tallies.

        `low` is where all topics still hold their records; `begin` is the first offset of `documents` that
        somebody must have accounted for.
        """
        end = bound if bound is not None else max((stop for _, stop in self.covered.ranges), default=0)
        offsets, mark, minute, contradicted = self._tallied.table()
        scored, scored_mark, scored_minute, _ = self._scored.table()
        minutes = dict(zip(scored.tolist(), scored_minute.tolist(), strict=True))
        found = list(self._left_out(offsets, max(low, begin), end, minutes))
        within = (offsets >= low) & (offsets < end)
        at = np.searchsorted(scored, offsets)
        there = np.zeros(len(offsets), dtype=bool)
        inside = at < len(scored)
        there[inside] = scored[at[inside]] == offsets[inside]
        unlike = np.zeros(len(offsets), dtype=bool)
        unlike[there] = scored_mark[at[there]] != mark[there]
        unlike &= ~np.isin(offsets, contradicted)
        found += [
            Suspect("dropped", self.partition, offset, minute)
            for offset, minute in self.dropped.items()
            if low <= offset < end
        ]
        found += self._flagged("unscored", offsets, minute, ~there & within)
        found += self._flagged("changed", offsets, minute, unlike & within)
        found += [
            Suspect("recounted", self.partition, offset, minutes.get(offset))
            for offset in contradicted.tolist()
            if low <= offset < end
        ]
        return found + [each for each in self._rejections() if low <= each.offset < end]

    def _flagged(
        self, fault: Fault, offsets: Ints, minutes: Ints, chosen: NDArray[np.bool_]
    ) -> list[Suspect]:
        columns = zip(offsets[chosen].tolist(), minutes[chosen].tolist(), strict=True)
        return [Suspect(fault, self.partition, offset, minute) for offset, minute in columns]

    def _rejections(self) -> Iterator[Suspect]:
        for offset in sorted(self.refused - self.rejections):
            yield Suspect("unrejected", self.partition, offset, None)
        for offset in sorted(self.rejections - self.refused):
            yield Suspect("unrefused", self.partition, offset, None)

    def _left_out(self, offsets: Ints, low: int, end: int, minutes: dict[int, int]) -> Iterator[Suspect]:
        known = set(offsets[(offsets >= low) & (offsets < end)].tolist()) | self.refused
        ranges = self.covered.ranges
        for offset in range(low, end):
            if offset not in known:
                covered = any(start <= offset < stop for start, stop in ranges)
                fault: Fault = "uncounted" if covered else "uncovered"
                yield Suspect(fault, self.partition, offset, minutes.get(offset))


def marks(record: Tally) -> Iterator[tuple[int, int, int]]:
    """Offset, fingerprint and event minute of each row of a tally."""
    rows = rows_of(record).copy()
    offsets, minutes = rows["offset"].tolist(), (rows["published"] // 60).tolist()
    # An index depends on the list that it points into, and the offset is what rows are known by.
    topics = [record.topics[index] for index in rows["topic"].tolist()]
    rows["topic"] = rows["offset"] = 0
    packed = rows.tobytes()
    for number, columns in enumerate(zip(offsets, minutes, topics, strict=True)):
        offset, minute, topic = columns
        row = packed[number * ROW_BYTES : (number + 1) * ROW_BYTES]
        yield offset, hash((row, topic)), minute


def _ints(column: array[int]) -> Ints:
    return np.array(column, dtype=np.int64)
