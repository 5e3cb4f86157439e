"""Which minutes should be there: tallies through the aggregate again, and what is kept held against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.aggregate import Aggregate
from pipeline.records import SentimentMinute, SentimentRow, Tally
from pipeline.settings import EventTimeSettings
from pipeline.store.rows import sentiment_record, sentiment_rows
from pipeline.verify.report import stamp

Revision = tuple[int, int]
"""Minute since 1970, and revision of it."""

Fault = Literal["missing", "different", "unexpected", "told_twice"]
"""`told_twice`: the same revision of a minute stands in the topic with two contents."""

_encode = msgspec.json.Encoder(order="sorted").encode


class Emission(Struct, frozen=True):
    """One record that the aggregate should have published."""

    index: int
    """Its place among them."""
    tally: int
    """Offset in `tallies` of the record that it follows from."""
    digest: bytes
    """Of the record as the topic holds it."""
    stored: bytes
    """Of its rows as the store holds them; empty where it has none."""


class MinuteFault(Struct, frozen=True):
    """One minute that is not as it should be."""

    fault: Fault
    minute: int
    revision: int
    """The one that should be there, or for `unexpected` the one that is."""


class ExpectedMinutes:
    """The aggregate run again over the tallies; of each record it publishes, a digest."""

    def __init__(self, run: str, partitions: int, settings: EventTimeSettings) -> None:
        self.aggregate = Aggregate(run, partitions, settings)
        self.emissions: dict[Revision, Emission] = {}
        self.ended_at: int | None = None
        """Offset of the tally that ended the run."""

    def take(self, offset: int, tally: Tally) -> list[SentimentMinute]:
        """Count one tally, and return what the aggregate says to it."""
        minutes = self.aggregate.apply(tally)
        for minute in minutes:
            if minute.final:
                self.ended_at = offset
            self.emissions.setdefault(
                revision_of(minute),
                Emission(len(self.emissions), offset, digest(minute), stored_digest(minute.rows)),
            )
        return minutes


class FoundMinutes:
    """The records of `sentiment`: of each revision of a minute, a digest and where it stands first."""

    def __init__(self) -> None:
        self.revisions: dict[Revision, tuple[int, bytes]] = {}
        self.contradicted: set[Revision] = set()
        """Told twice, and not alike."""

    def take(self, offset: int, minute: SentimentMinute) -> None:
        """Note one record; a crash may have published it twice."""
        of = digest(minute)
        _, known = self.revisions.setdefault(revision_of(minute), (offset, of))
        if known != of:
            self.contradicted.add(revision_of(minute))


class StoredMinute(Struct, frozen=True):
    """What the store holds of one minute."""

    revision: int
    digest: bytes


def compare_topic(
    expected: ExpectedMinutes, found: FoundMinutes, acknowledged: int | None, low: int
) -> list[MinuteFault]:
    """Hold the topic `sentiment` against what the tallies come to.

    Whatever follows from tallies before `acknowledged` must be there, and so must what precedes the last
    record that is. Minutes before `low` are left out.
    """
    bound = _last_index(expected, found.revisions)
    faults = []
    for (minute, revision), emission in expected.emissions.items():
        if minute < low:
            continue
        there = found.revisions.get((minute, revision))
        if there is None:
            if emission.index <= bound or (acknowledged is not None and emission.tally < acknowledged):
                faults.append(MinuteFault("missing", minute, revision))
        elif there[1] != emission.digest:
            faults.append(MinuteFault("different", minute, revision))
    faults += [
        MinuteFault("unexpected", minute, revision)
        for minute, revision in found.revisions
        if minute >= low and (minute, revision) not in expected.emissions
    ]
    faults += [
        MinuteFault("told_twice", minute, revision)
        for minute, revision in found.contradicted
        if minute >= low
    ]
    return sorted(faults, key=lambda fault: (fault.minute, fault.revision))


def compare_store(
    expected: ExpectedMinutes,
    found: FoundMinutes,
    stored: dict[int, StoredMinute],
    acknowledged: int | None,
    low: int,
) -> list[MinuteFault]:
    """Hold the table `sentiment` against what the tallies come to.

    The store takes records in the topic's order, so all up to the youngest that it holds must be in it, and
    all before `acknowledged`, an offset of the topic `sentiment`.
    """
    bound = _last_index(expected, ((minute, each.revision) for minute, each in stored.items()))
    if acknowledged is not None:
        told = (of for of, (offset, _) in found.revisions.items() if offset < acknowledged)
        bound = max(bound, _last_index(expected, told))
    wanted: dict[int, tuple[int, Emission]] = {}
    for (minute, revision), emission in expected.emissions.items():
        if emission.stored and emission.index <= bound and minute >= low:
            wanted[minute] = (revision, emission)
    faults = []
    for minute, (revision, emission) in wanted.items():
        there = stored.get(minute)
        if there is None:
            faults.append(MinuteFault("missing", minute, revision))
        elif (there.revision, there.digest) != (revision, emission.stored):
            faults.append(MinuteFault("different", minute, revision))
    faults += [
        MinuteFault("unexpected", minute, there.revision)
        for minute, there in stored.items()
        if minute >= low and minute not in wanted
    ]
    return sorted(faults, key=lambda fault: (fault.minute, fault.revision))


def recount(
    tallies: Iterable[tuple[int, Tally]], wanted: set[Revision], fresh: ExpectedMinutes
) -> dict[Revision, SentimentMinute]:
    """Count everything once more and keep the revisions of minutes that are wanted, whole."""
    kept: dict[Revision, SentimentMinute] = {}
    for offset, tally in tallies:
        for minute in fresh.take(offset, tally):
            if revision_of(minute) in wanted:
                kept.setdefault(revision_of(minute), minute)
    return kept


def revision_of(minute: SentimentMinute) -> Revision:
    """Key by which a record of `sentiment` is known."""
    return int(minute.minute.timestamp()) // 60, minute.revision


def digest(minute: SentimentMinute) -> bytes:
    """Digest of a record, whatever the order of its rows."""
    rows = tuple(sorted(minute.rows, key=lambda row: row.key))
    return blake2b(_encode(msgspec.structs.replace(minute, rows=rows)), digest_size=12).digest()


def stored_digest(rows: Sequence[SentimentRow]) -> bytes:
    """Digest of a minute's rows as either database keeps them; empty where there are none."""
    if not rows:
        return b""
    kept = sorted(as_stored(rows), key=lambda row: row.key)
    return blake2b(_encode(kept), digest_size=12).digest()


def as_stored(rows: Sequence[SentimentRow]) -> Iterator[SentimentRow]:
    """Rows as they come back from the store: texts cleaned, long ids cut."""
    minute = SentimentMinute(run="", minute=stamp(0), revision=0, rows=tuple(rows))
    return (sentiment_record(row) for row in sentiment_rows(minute))


def _last_index(expected: ExpectedMinutes, revisions: Iterable[Revision]) -> int:
    found = (expected.emissions.get(revision) for revision in revisions)
    return max((emission.index for emission in found if emission is not None), default=-1)
