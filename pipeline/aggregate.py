"""From tallies to closed minutes: the functional core that live, replay and tests all run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import count, groupby

import msgspec
import numpy as np
from msgspec import Struct

from alerts.keys import OVERALL
from pipeline.counting import Counted, Counting, CountingHead, merges
from pipeline.feeds import NO_SOURCES, Sources
from pipeline.keytable import Ints
from pipeline.lateness import Lateness
from pipeline.offsets import CountedOffsets
from pipeline.opened import OpenHead, OpenMinutes
from pipeline.records import Evidence, LateDocument, Merge, RunTotals, SentimentMinute, SentimentRow, Tally
from pipeline.rolling import Minute, Rolling
from pipeline.settings import EventTimeSettings
from pipeline.tally import Rows, rows_of, source_hash
from pipeline.watermark import FOREVER, NEVER, Progress, Watermark

__all__ = ["OVERALL", "Aggregate", "Snapshot", "StateError", "Totals"]

_LONGEST_SILENCE = 7 * 24 * 60
"""Minutes without a document that are published one by one; over a longer gap event time jumps."""
_FORM = 2


class StateError(ValueError):
    """A snapshot was written by another version, or lacks a part."""


class Totals(Struct):
    """What the run has counted so far."""

    documents: int = 0
    """Distinct documents."""
    duplicates: int = 0
    """Documents whose id had been counted within the horizon."""
    rejected: int = 0
    late: int = 0
    """Documents whose minute had closed; they are among `documents`."""
    beyond_horizon: int = 0
    """Late documents too old to amend their minute; they are among `late`."""
    capped: int = 0
    """Negative stories that detection left out overall: their author or source exceeded its cap."""
    merged: int = 0
    """Stories that joined one of another wording."""
    forced: int = 0
    """Minutes with documents that closed before the watermark, for want of room."""


class _Head(Struct):
    """Everything a snapshot holds but the sealed segments."""

    form: int
    run: str
    partitions: int
    progress: list[Progress]
    counted: list[list[tuple[int, int]]]
    open: OpenHead
    last: int | None
    last_busy: int
    history: dict[int, Minute]
    counting: CountingHead
    totals: Totals
    ended: bool
    sources: dict[int, str] = {}


class Snapshot(Struct):
    """State of an aggregate: a head that changes, and segments of it that never do."""

    head: bytes
    segments: Mapping[str, bytes]
    """Sealed rows by name; a name's bytes never change, so each is written once."""


class _Segments(Mapping[str, bytes]):
    """Sealed segments of an aggregate, made into bytes when they are asked for."""

    def __init__(self, counting: Counting, opened: OpenMinutes) -> None:
        self._logs, self._open = counting.logs, opened
        self._names = [f"{name}/{number}" for name, log in self._logs.items() for number in log.sealed()]
        self._names += [f"open/{number}" for number in opened.sealed()]

    def __getitem__(self, name: str) -> bytes:
        kind, _, number = name.partition("/")
        return self._open.block(int(number)) if kind == "open" else self._logs[kind].segment(int(number))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Aggregate:
    """Counts tallies into event minutes, and closes minutes as the watermark passes them.

    What it returns follows from the tallies alone: those counted before are recognised by their source
    offsets, and the rows of a minute are taken in (published, id) order when it closes. docs/event-time.md
    says what it guarantees and how much it keeps.
    """

    def __init__(self, run: str, partitions: int, settings: EventTimeSettings) -> None:
        self.run = run
        self.partitions = partitions
        self.totals = Totals()
        self.ended = False
        """Every partition has ended and the last minute is closed."""
        self.lateness = Lateness()
        """For people to see; no part of the state."""
        self._settings = settings
        self._horizon = settings.duplicate_horizon_hours * 60
        self._watermark = Watermark(partitions, settings.allowed_lateness, settings.believed_jump)
        self._offsets = [CountedOffsets() for _ in range(partitions)]
        self._open = OpenMinutes()
        self._last_busy = 0
        self._rolling = Rolling(self._horizon)
        self._counting = Counting(settings)
        self._sources = Sources()

    @property
    def watermark(self) -> int | None:
        """Unix seconds; None until every partition has been heard of."""
        return self._watermark.value

    @property
    def highs(self) -> list[int | None]:
        """How far each partition has come, unix seconds; None where nothing was heard of it."""
        return [progress.high for progress in self._watermark.progress]

    @property
    def rolling(self) -> Rolling:
        """The windows as of the last closed minute."""
        return self._rolling

    @property
    def open_documents(self) -> int:
        """Documents that wait for their minute to close, about 240 bytes each."""
        return self._open.documents

    @property
    def remembered(self) -> tuple[int, int]:
        """Document ids and stories that are remembered."""
        return self._counting.remembered

    def apply(self, tally: Tally) -> list[SentimentMinute]:
        """Count one tally; returns the minutes it closed, in order, and those it amended."""
        if not 0 <= tally.partition < self.partitions:
            raise ValueError(f"tally of partition {tally.partition}, but there are {self.partitions}")
        minutes = list(self._take(tally))
        if tally.clock is not None and tally.start == tally.end:
            self._watermark.advance(tally.partition, tally.clock - self._settings.idle_timeout)
        if tally.final:
            self._watermark.end(tally.partition)
        minutes += self._close()
        if self._open.documents > self._settings.open_documents:
            minutes += self._close_by_force()
        self.totals.duplicates = self._counting.duplicates
        return minutes

    def _take(self, tally: Tally) -> Iterator[SentimentMinute]:
        """Take in the rows of offsets that were not counted yet, as if one after the other.

        A row is late if those before it have closed its minute, in this tally or another: how documents are
        cut into tallies decides nothing.
        """
        rows = self._uncounted(tally)
        if not rows.size:
            return
        stamps = rows["published"]
        if tally.clock is not None:
            # A stamp ahead of the clock must not close other documents' minutes before their time.
            stamps = np.minimum(stamps, tally.clock)
        fresh = self._watermark.progress[tally.partition].high is None
        before = self._watermark.hear(tally.partition, stamps, rows["source"])
        limit = self._watermark.at(tally.partition, before) // 60 - 1
        if fresh:
            limit[0] = NEVER // 60
        names = {source_hash(name): name for name in tally.sources}
        self._sources.hear(names)
        cited = dict(zip(tally.evidence_offset, tally.evidence, strict=True))
        minutes, late = rows["published"] // 60, np.zeros(rows.size, bool)
        start = 0
        while start < rows.size:
            if not self.ended:
                yield from self._close_until(int(limit[start]))
            part = slice(start, _end_of_part(minutes, limit, start, self._last))
            late[part] = minutes[part] <= self._last
            self._wait(rows[part][~late[part]], cited)
            yield from self._amend(rows[part][late[part]], tally.partition)
            start = part.stop
        self.lateness.observe(names, rows["source"], np.maximum(before - stamps, 0), late)

    @property
    def _last(self) -> int:
        """The last closed minute."""
        return NEVER // 60 if self._rolling.last is None else self._rolling.last

    def _uncounted(self, tally: Tally) -> Rows:
        """Rows of offsets that were not counted before, with this aggregate's numbers of topics and lists."""
        counted = self._offsets[tally.partition]
        rows = rows_of(tally)
        rejected = np.array(tally.rejected, np.int64)
        if counted.overlaps(tally.start, tally.end):
            rows = rows[~counted.among(rows["offset"])]
            rejected = rejected[~counted.among(rejected)]
        counted.add(tally.start, tally.end)
        self.totals.rejected += rejected.size
        rows = rows.copy()
        if rows.size:
            rows["topic"] = self._topic_numbers(tally.topics)[rows["topic"]]
            rows["watch"] = self._counting.watched.numbers(tally.watched)[rows["watch"]]
        return rows

    def _wait(self, rows: Rows, cited: Mapping[int, Evidence]) -> None:
        """Keep rows, in offset order, until their minute closes, and what may be cited of them by offset."""
        self._open.add(rows)
        if cited and rows.size:
            wanted = np.fromiter(cited, np.int64, len(cited))
            place = np.minimum(np.searchsorted(rows["offset"], wanted), rows.size - 1)
            here = rows["offset"][place] == wanted
            minutes = (rows["published"][place[here]] // 60).tolist()
            for offset, minute in zip(wanted[here].tolist(), minutes, strict=True):
                self._open.cite(minute, cited[offset])

    def _topic_numbers(self, topics: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
        known = self._counting.topics
        known.extend(topic for topic in topics if topic not in known)
        return np.array([known.index(topic) for topic in topics], np.uint16)

    def _amend(self, rows: Rows, partition: int) -> Iterator[SentimentMinute]:
        """Count documents whose minutes have closed, in the order in which they came; tell the minutes anew.

        Documents of one minute that come one after the other amend it together.
        """
        if not rows.size:
            return
        last = self._last
        rows, assigned = self._counting.count_late(rows, last)
        self.totals.documents += rows.size
        self.totals.late += rows.size
        self.totals.merged += assigned.joined.size
        merged = dict(merges(assigned, rows))
        columns = (rows[name].tolist() for name in ("offset", "published", "topic", "watch", "tone", "score"))
        told = zip(count(), *columns, assigned.first.tolist(), strict=False)
        for minute, group in groupby(told, key=lambda each: each[2] // 60):
            late, joined = [], []
            for place, offset, published, topic, watch, tone, score, new in group:
                keys = (OVERALL, self._counting.topics[topic], *self._counting.watched.keys(watch))
                if not self._rolling.amend(minute, keys, tone, score, new_story=new):
                    self.totals.beyond_horizon += 1
                    continue
                if place in merged:
                    joined.append(merged[place])
                late.append(
                    LateDocument(
                        partition=partition,
                        offset=offset,
                        published_at=datetime.fromtimestamp(published, UTC),
                        behind=60 * (last + 1) - published,
                    )
                )
            if late:
                yield self._amendment(minute, tuple(late), tuple(joined))

    def _amendment(
        self, minute: int, late: tuple[LateDocument, ...], merged: tuple[Merge, ...]
    ) -> SentimentMinute:
        sums = self._rolling.history[minute]
        # So many late documents as it counts by now: the same for however they were cut into tallies.
        return self._minute(minute, Counted(sums=sums, merged=merged), revision=sums[OVERALL].late, late=late)

    def _close(self) -> Iterator[SentimentMinute]:
        watermark = self._watermark.value
        if watermark is None or self.ended:
            return
        everything = watermark == FOREVER
        limit = watermark // 60 - 1
        if everything:
            limit = -1 if self._open.last is None else self._open.last
        yield from self._close_until(limit)
        if everything:
            self.ended = True
            yield self._end()

    def _close_until(self, limit: int) -> Iterator[SentimentMinute]:
        """Close minutes up to `limit`, hour by hour."""
        for hour, group in groupby(self._due(limit), key=lambda minute: minute // 60):
            minutes = list(group)
            waiting = self._open.waiting(minutes)
            # Where something has to be forgotten for want of room, that happens between two minutes.
            together = [minutes] if self._counting.fits(waiting) else [[minute] for minute in minutes]
            for part in together:
                yield from self._close_minutes(hour, part)

    def _close_by_force(self) -> Iterator[SentimentMinute]:
        """Close the oldest minutes, for one partition is so far ahead of another that too much waits."""
        # A tenth more than need be, so that this is not done again for each tally.
        limit = self._open.beyond(self._settings.open_documents * 9 // 10)
        if limit is None:
            return
        for minute in self._close_until(limit):
            self.totals.forced += bool(minute.rows)
            yield minute

    def _due(self, limit: int) -> Iterator[int]:
        """List the minutes to close up to `limit`; which follows which must not depend on how far that is."""
        last, busy = self._rolling.last, self._last_busy
        while True:
            if last is not None and last + 1 - busy <= _LONGEST_SILENCE:
                minute: int | None = last + 1
            else:
                minute = self._open.first_after(last)
            if minute is None or minute > limit:
                return
            if minute in self._open:
                busy = minute
            yield minute
            last = minute

    def _close_minutes(self, hour: int, minutes: list[int]) -> Iterator[SentimentMinute]:
        """Close minutes of one event hour."""
        busy = [minute for minute in minutes if minute in self._open]
        rows, cited = self._open.close(minutes)
        self._counting.begin(hour)
        documents, counted = self._counting.count(minutes, rows, cited)
        self.totals.documents += documents
        if busy:
            self._last_busy = busy[-1]
        for minute in minutes:
            of_minute = counted[minute]
            self.totals.merged += len(of_minute.merged)
            if OVERALL in of_minute.sums:
                self.totals.capped += of_minute.sums[OVERALL].capped
            self._rolling.close(minute, of_minute.sums)
            yield self._minute(minute, of_minute, revision=0, sources=self._sources.named(of_minute.sources))

    def _end(self) -> SentimentMinute:
        after = 0 if self._rolling.last is None else self._rolling.last + 1
        totals = RunTotals(
            distinct=self.totals.documents,
            duplicates=self._counting.duplicates,
            rejected=self.totals.rejected,
            late=self.totals.late,
        )
        return SentimentMinute(
            run=self.run, minute=_stamp(after), revision=0, final=True, totals=totals, rows=()
        )

    def _minute(
        self,
        minute: int,
        counted: Counted,
        *,
        revision: int,
        late: tuple[LateDocument, ...] = (),
        sources: dict[str, int] = NO_SOURCES,
    ) -> SentimentMinute:
        windows = self._rolling.windows_until(minute) if revision else {}
        rows = tuple(
            SentimentRow(
                key=key,
                **msgspec.structs.asdict(of_key),
                windows=windows.get(key) or self._rolling.windows(key),
                evidence=counted.evidence.get(key, ()),
            )
            for key, of_key in sorted(counted.sums.items())
        )
        return SentimentMinute(
            run=self.run,
            minute=_stamp(minute),
            revision=revision,
            rows=rows,
            merged=counted.merged,
            late=late,
            sources=sources,
        )

    def snapshot(self) -> Snapshot:
        """Take the whole state, so that `restore` continues as if nothing had happened.

        Its segments are read from the aggregate when they are asked for: use it before the next tally.
        """
        head = _Head(
            form=_FORM,
            run=self.run,
            partitions=self.partitions,
            progress=self._watermark.progress,
            counted=[offsets.ranges for offsets in self._offsets],
            open=self._open.head(),
            last=self._rolling.last,
            last_busy=self._last_busy,
            history=self._rolling.history,
            counting=self._counting.head(),
            totals=self.totals,
            ended=self.ended,
            sources=self._sources.names,
        )
        return Snapshot(head=msgspec.msgpack.encode(head), segments=_Segments(self._counting, self._open))

    @classmethod
    def restore(cls, snapshot: Snapshot, settings: EventTimeSettings) -> Aggregate:
        """Make the aggregate that the snapshot was taken of; StateError where it cannot be read."""
        try:
            head = msgspec.msgpack.decode(snapshot.head, type=_Head)
            aggregate = cls(head.run, head.partitions, settings)
            aggregate._load(head, snapshot.segments)
        except (msgspec.ValidationError, KeyError) as error:
            raise StateError(
                f"the aggregate's state cannot be read ({error}): it is of another version of Tocsin, or a "
                "part of it is lost. Let the version that wrote it go on, or begin anew under another "
                "`topics.prefix`"
            ) from error
        return aggregate

    def _load(self, head: _Head, segments: Mapping[str, bytes]) -> None:
        if head.form != _FORM:
            raise KeyError(f"form {head.form}, not {_FORM}")
        sealed: dict[str, dict[int, bytes]] = {name: {} for name in (*self._counting.logs, "open")}
        for key, content in segments.items():
            name, _, number = key.partition("/")
            sealed.setdefault(name, {})[int(number)] = content
        self.totals = head.totals
        self.ended = head.ended
        self._watermark = Watermark(
            head.partitions, self._settings.allowed_lateness, self._settings.believed_jump, head.progress
        )
        self._offsets = [CountedOffsets(ranges) for ranges in head.counted]
        self._open.restore(head.open, sealed["open"], head.last)
        self._last_busy = head.last_busy
        self._rolling = Rolling(self._horizon, head.last, head.history)
        self._counting.restore(head.counting, sealed)
        self._sources = Sources(head.sources)


def _end_of_part(minutes: Ints, limit: Ints, start: int, last: int) -> int:
    """Where rows end that see the same closed minutes, of those from `start` on, where `last` closed last.

    `limit` is the minute up to which the rows before each let minutes close; it never falls. A row ends them
    if its minute would have closed by then, or closes at once, being the first for a long time.
    """
    closable = minutes[start:] <= limit[start:]
    if closable[0] and minutes[start] > last:
        return start + 1
    others = np.flatnonzero(closable & ((limit[start:] > limit[start]) | (minutes[start:] > last)))
    return start + int(others[0]) if others.size else minutes.size


@lru_cache(256)
def _stamp(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
