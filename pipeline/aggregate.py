"""From tallies to closed minutes: the functional core that live, replay and tests all run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from pipeline.evidence import most_negative
from pipeline.offsets import CountedOffsets
from pipeline.records import Evidence, RunTotals, SentimentMinute, SentimentRow, Tally
from pipeline.rolling import Minute, Rolling, Sums
from pipeline.seen import Seen, Segment
from pipeline.settings import EventTimeSettings
from pipeline.watermark import FOREVER, Watermark

OVERALL = "overall"
_LONGEST_SILENCE = 7 * 24 * 60
"""Minutes without a document that are published one by one; over a longer gap event time jumps."""

Row = tuple[int, int, int, str, int, int]
"""published (unix seconds), id, story, topic, tone, score: sorted, it is the order of counting."""


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


class OpenMinute(Struct):
    """A minute that still takes documents."""

    rows: list[Row] = []
    evidence: dict[str, tuple[Evidence, ...]] = {}


class _Head(Struct):
    """Everything a snapshot holds but the sealed segments."""

    run: str
    partitions: int
    highs: list[int | None]
    counted: list[list[tuple[int, int]]]
    open: dict[int, OpenMinute]
    last: int | None
    last_busy: int
    history: dict[int, Minute]
    revisions: dict[int, int]
    ids: list[Segment]
    stories: list[Segment]
    totals: Totals
    ended: bool


class Snapshot(Struct):
    """State of an aggregate: a head that changes, and segments of it that never do."""

    head: bytes
    segments: dict[str, bytes]
    """Sealed keys by name; a name's bytes never change, so each is written once."""


class Aggregate:
    """Counts tallies into event minutes, and closes minutes as the watermark passes them.

    What it returns follows from the tallies alone: those counted before are recognised by their source
    offsets, and the rows of a minute are taken in (published, id) order when it closes.
    """

    def __init__(self, run: str, partitions: int, settings: EventTimeSettings) -> None:
        self.run = run
        self.partitions = partitions
        self.totals = Totals()
        self.ended = False
        """Every partition has ended and the last minute is closed."""
        self._settings = settings
        self._horizon = settings.duplicate_horizon_hours * 60
        self._watermark = Watermark(partitions, settings.allowed_lateness)
        self._counted = [CountedOffsets() for _ in range(partitions)]
        self._open: dict[int, OpenMinute] = {}
        self._last_busy = 0
        self._rolling = Rolling(self._horizon)
        self._revisions: dict[int, int] = {}
        self._ids = Seen(self._horizon)
        self._stories = Seen(self._horizon)

    @property
    def watermark(self) -> int | None:
        """Unix seconds; None until every partition has been heard of."""
        return self._watermark.value

    @property
    def rolling(self) -> Rolling:
        """The windows as of the last closed minute."""
        return self._rolling

    def apply(self, tally: Tally) -> list[SentimentMinute]:
        """Count one tally; returns the minutes it closed, in order, and those it amended."""
        if not 0 <= tally.partition < self.partitions:
            raise ValueError(f"tally of partition {tally.partition}, but there are {self.partitions}")
        amended = self._count(tally)
        if tally.clock is not None:
            self._watermark.advance(tally.partition, tally.clock - self._settings.idle_timeout)
        if tally.final:
            self._watermark.end(tally.partition)
        amendments = [self._amendment(minute) for minute in sorted(amended)]
        return [*amendments, *self._close()]

    def _count(self, tally: Tally) -> set[int]:
        """Take in the rows of offsets that were not counted yet; returns the closed minutes they amended."""
        counted = self._counted[tally.partition]
        fresh = not counted.overlaps(tally.start, tally.end)
        amended: set[int] = set()
        high: int | None = None
        last = self._rolling.last
        taken: set[int] = set()
        columns = zip(
            tally.offset,
            tally.published,
            tally.id,
            tally.story,
            tally.topic,
            tally.tone,
            tally.score,
            strict=True,
        )
        for offset, published, id_, story, topic, tone, score in columns:
            if not fresh and offset in counted:
                continue
            row = (published, id_, story, tally.topics[topic], tone, score)
            if high is None or published > high:
                high = published
            if last is not None and published // 60 <= last:
                minute = self._count_late(row)
                if minute is not None:
                    amended.add(minute)
            else:
                self._open.setdefault(published // 60, OpenMinute()).rows.append(row)
                taken.add(offset)
        for offset, evidence in zip(tally.evidence_offset, tally.evidence, strict=True):
            if offset in taken:
                opened = self._open[int(evidence.published_at.timestamp() // 60)].evidence
                known = opened.get(evidence.topic, ())
                opened[evidence.topic] = most_negative((*known, evidence))
        self.totals.rejected += sum(fresh or offset not in counted for offset in tally.rejected)
        counted.add(tally.start, tally.end)
        if high is not None:
            # A stamp ahead of the clock must not close other documents' minutes before their time.
            self._watermark.advance(tally.partition, high if tally.clock is None else min(high, tally.clock))
        return amended

    def _count_late(self, row: Row) -> int | None:
        """Count a document whose minute has closed; returns the minute if that could be amended."""
        published, id_, story, topic, tone, score = row
        now = self._rolling.last or 0
        if not self._ids.add(id_, now):
            self.totals.duplicates += 1
            return None
        self.totals.documents += 1
        self.totals.late += 1
        new_story = self._stories.add(story, now)
        minute = published // 60
        if self._rolling.amend(minute, (OVERALL, topic), tone, score, new_story=new_story):
            return minute
        self.totals.beyond_horizon += 1
        return None

    def _amendment(self, minute: int) -> SentimentMinute:
        revision = self._revisions[minute] = self._revisions.get(minute, 0) + 1
        return self._minute(minute, self._rolling.history[minute], {}, revision=revision)

    def _close(self) -> Iterator[SentimentMinute]:
        watermark = self._watermark.value
        if watermark is None or self.ended:
            return
        everything = watermark == FOREVER
        limit = max(self._open, default=-1) if everything else watermark // 60 - 1
        while (minute := self._next(limit)) is not None:
            yield self._close_minute(minute)
        if everything:
            self.ended = True
            after = 0 if self._rolling.last is None else self._rolling.last + 1
            totals = RunTotals(
                distinct=self.totals.documents,
                duplicates=self.totals.duplicates,
                rejected=self.totals.rejected,
                late=self.totals.late,
            )
            yield SentimentMinute(
                run=self.run, minute=_stamp(after), revision=0, final=True, totals=totals, rows=()
            )

    def _next(self, limit: int) -> int | None:
        """Find the minute to close next, up to `limit`; it must not depend on how far `limit` is."""
        last = self._rolling.last
        if last is not None and last + 1 - self._last_busy <= _LONGEST_SILENCE:
            following: int | None = last + 1
        else:
            following = min(self._open, default=None)
        return following if following is not None and following <= limit else None

    def _close_minute(self, minute: int) -> SentimentMinute:
        opened = self._open.pop(minute, None)
        sums: Minute = {}
        evidence: dict[str, tuple[Evidence, ...]] = {}
        if opened is not None:
            self._last_busy = minute
            new_stories: set[int] = set()
            for _, id_, story, topic, tone, score in sorted(opened.rows):
                if not self._ids.add(id_, minute):
                    self.totals.duplicates += 1
                    continue
                new_story = self._stories.add(story, minute)
                if new_story:
                    new_stories.add(story)
                self.totals.documents += 1
                for key in (OVERALL, topic):
                    sums.setdefault(key, Sums()).add(tone, score, new_story=new_story, late=False)
            evidence = {
                topic: tuple(each for each in cited if each.story in new_stories)
                for topic, cited in opened.evidence.items()
            }
            evidence[OVERALL] = most_negative(each for cited in evidence.values() for each in cited)
        self._rolling.close(minute, sums)
        self._ids.expire(minute)
        self._stories.expire(minute)
        if len(self._revisions) > self._horizon:
            self._revisions = {m: n for m, n in self._revisions.items() if m > minute - self._horizon}
        return self._minute(minute, sums, evidence, revision=0)

    def _minute(
        self, minute: int, sums: Minute, evidence: dict[str, tuple[Evidence, ...]], *, revision: int
    ) -> SentimentMinute:
        rows = tuple(
            SentimentRow(
                key=key,
                **msgspec.structs.asdict(of_key),
                windows=self._rolling.windows(key),
                evidence=evidence.get(key, ()),
            )
            for key, of_key in sorted(sums.items())
        )
        return SentimentMinute(run=self.run, minute=_stamp(minute), revision=revision, rows=rows)

    def snapshot(self) -> Snapshot:
        """Take the whole state, so that `restore` continues as if nothing had happened."""
        head = _Head(
            run=self.run,
            partitions=self.partitions,
            highs=self._watermark.highs,
            counted=[counted.ranges for counted in self._counted],
            open=self._open,
            last=self._rolling.last,
            last_busy=self._last_busy,
            history=self._rolling.history,
            revisions=self._revisions,
            ids=self._ids.head(),
            stories=self._stories.head(),
            totals=self.totals,
            ended=self.ended,
        )
        segments = {f"ids/{number}": keys for number, keys in self._ids.sealed().items()}
        segments |= {f"stories/{number}": keys for number, keys in self._stories.sealed().items()}
        return Snapshot(head=msgspec.msgpack.encode(head), segments=segments)

    @classmethod
    def restore(cls, snapshot: Snapshot, settings: EventTimeSettings) -> Aggregate:
        """Make the aggregate that the snapshot was taken of."""
        head = msgspec.msgpack.decode(snapshot.head, type=_Head)
        aggregate = cls(head.run, head.partitions, settings)
        aggregate.totals = head.totals
        aggregate.ended = head.ended
        aggregate._watermark = Watermark(head.partitions, settings.allowed_lateness, head.highs)
        aggregate._counted = [CountedOffsets(ranges) for ranges in head.counted]
        aggregate._open = head.open
        aggregate._last_busy = head.last_busy
        aggregate._rolling = Rolling(aggregate._horizon, head.last, head.history)
        aggregate._revisions = head.revisions
        for name, seen, segments in (
            ("ids", aggregate._ids, head.ids),
            ("stories", aggregate._stories, head.stories),
        ):
            prefix = f"{name}/"
            sealed = {
                int(key.removeprefix(prefix)): keys
                for key, keys in snapshot.segments.items()
                if key.startswith(prefix)
            }
            seen.restore(segments, sealed)
        return aggregate


def _stamp(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
