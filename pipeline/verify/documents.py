"""Whether the store holds each scored document, and as it was scored: fingerprints in columns."""

from __future__ import annotations

from array import array
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.records import ScoredDocument
from pipeline.store.rows import document_record, document_row, key_text
from pipeline.store.types import to_milliseconds
from pipeline.story import hash63

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Fault = Literal["missing", "different", "unexpected"]
_encode = msgspec.json.Encoder().encode


class DocumentFault(Struct, frozen=True):
    """One document that is not in the store as it should be."""

    fault: Fault
    minute: int
    partition: int
    """Origin of the copy that should be there, or for `unexpected` of the one that is."""
    offset: int


class Fingerprints:
    """Of each document its id, event time, origin and content, in 48 bytes."""

    def __init__(self) -> None:
        self._columns = [array("q") for _ in range(6)]

    def __len__(self) -> int:
        return len(self._columns[0])

    def add(self, document: ScoredDocument, *, stored: bool = False, log: int = 0) -> None:
        """Note one; `log` is its offset in `scored`, and `stored` says that it comes from the store."""
        if not stored:
            document = document_record(document_row(document))
        moment = to_milliseconds(document.published_at)
        content = msgspec.structs.replace(document, published_at=moment)
        row = (
            hash63(key_text(document.id)),
            round(moment.timestamp() * 1000),
            document.partition,
            document.offset,
            hash(_encode(content)),
            log,
        )
        for column, value in zip(self._columns, row, strict=True):
            column.append(value)

    def columns(self) -> tuple[Ints, ...]:
        """Id, event time in ms, partition, offset, content, offset in `scored`."""
        return tuple(np.array(column, dtype=np.int64) for column in self._columns)


def compare_documents(
    scored: Fingerprints, stored: Fingerprints, acknowledged: dict[int, int], low: dict[int, int]
) -> list[DocumentFault]:
    """Hold the table `document` against the topic `scored`.

    `acknowledged` is, by partition of `scored`, the offset before which all is stored; where it says nothing,
    what precedes the youngest stored document of that partition must be there. `low` is the first origin by
    partition that the topic still tells of.
    """
    told = _Columns(scored)
    kept = _Columns(stored)
    faults: set[DocumentFault] = set()

    told_origin, first = np.unique(told.origin, return_index=True)
    at, known = _find(told_origin, kept.origin)
    starts = np.array([low.get(where, 0) for where in kept.partition.tolist()], dtype=np.int64)
    faults |= kept.faults("unexpected", ~known & (kept.offset >= starts))
    unlike = np.zeros(len(kept.id), dtype=bool)
    unlike[known] = told.content[first[at[known]]] != kept.content[known]
    faults |= kept.faults("different", unlike)

    due = told.log < _bounds(told, kept, acknowledged)
    order = np.lexsort((told.origin, told.published, told.id))
    order = order[due[order]]
    _, first = np.unique(told.id[order], return_index=True)
    due_first = order[first]  # of each id that must be stored, the earliest copy
    by_id = np.argsort(kept.id)
    at, there = _find(kept.id[by_id], told.id[due_first])
    faults |= told.faults("missing", due_first[~there])
    mine, theirs = due_first[there], by_id[at[there]]
    later = (kept.published[theirs] > told.published[mine]) | (
        (kept.published[theirs] == told.published[mine]) & (kept.origin[theirs] > told.origin[mine])
    )
    faults |= told.faults("different", mine[later])
    return sorted(faults, key=lambda fault: (fault.minute, fault.partition, fault.offset))


class _Columns:
    def __init__(self, prints: Fingerprints) -> None:
        self.id, self.published, self.partition, self.offset, self.content, self.log = prints.columns()
        self.origin = (self.partition << 48) | self.offset

    def faults(self, fault: Fault, chosen: Ints | Bools) -> set[DocumentFault]:
        columns = (self.published // 60_000, self.partition, self.offset)
        rows = zip(*(column[chosen].tolist() for column in columns), strict=True)
        return {DocumentFault(fault, *row) for row in rows}


def _find(ordered: Ints, values: Ints) -> tuple[Ints, Bools]:
    """Where each value stands in an ordered column, and whether it does."""
    at = np.searchsorted(ordered, values)
    at[at == len(ordered)] = 0
    found = ordered[at] == values if len(ordered) else np.zeros(len(values), dtype=bool)
    return at, found


def _bounds(told: _Columns, kept: _Columns, acknowledged: dict[int, int]) -> Ints:
    """For each scored document, the offset of `scored` before which its partition must be stored."""
    stored = np.isin(told.origin, kept.origin)
    bounds = np.zeros(len(told.id), dtype=np.int64)
    for partition in np.unique(told.partition).tolist():
        here = told.partition == partition
        evident = told.log[here & stored]
        bounds[here] = acknowledged.get(partition, int(evident.max()) + 1 if len(evident) else 0)
    return bounds
