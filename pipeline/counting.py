"""Documents of closing minutes in their order: which count, which tell a new story, what they add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from alerts.keys import OVERALL, is_topic
from pipeline.caps import Caps, CapsState
from pipeline.evidence import most_negative
from pipeline.feeds import by_source
from pipeline.keytable import Ints
from pipeline.records import Evidence, Merge
from pipeline.rolling import Minute, Sums
from pipeline.rowlog import RowLog, Segment
from pipeline.seen import Seen
from pipeline.settings import EventTimeSettings
from pipeline.stories import Assigned, Heads, Stories
from pipeline.tally import Rows
from pipeline.watching import Combinations, Memberships

Cited = Mapping[str, Sequence[Evidence]]
"""What may be cited, by key; `overall` cites what its topics do."""


@dataclass
class Counted:
    """What one minute came to."""

    sums: Minute = field(default_factory=dict)
    evidence: dict[str, tuple[Evidence, ...]] = field(default_factory=dict)
    merged: tuple[Merge, ...] = ()
    sources: Mapping[int, int] = field(default_factory=dict)
    """Documents by the hash of their source."""


class CountingHead(Struct):
    """What a snapshot keeps of it and rewrites each time."""

    topics: list[str]
    ids: list[Segment]
    stories: Heads
    caps: CapsState
    duplicates: int
    watched: list[tuple[str, ...]] = []


class Counting:
    """What was counted within the horizons, and what to make of the documents that come next.

    The documents of a minute are taken in (published, id) order, so the order in which they came has no say,
    nor has how many minutes are counted at once.
    """

    def __init__(self, settings: EventTimeSettings) -> None:
        self._settings = settings
        self.topics: list[str] = []
        """Topics that rows point into, in the order in which they were first heard of."""
        self.watched = Combinations()
        """Combinations of watchlists that rows point into."""
        self.duplicates = 0
        self._ids = Seen(settings.duplicate_horizon_hours, settings.remembered_documents)
        self._stories = Stories(
            settings.story_horizon_hours,
            settings.remembered_stories,
            similar=settings.stories == "similar",
        )
        self._caps = Caps(settings.author_cap, settings.source_cap)

    @property
    def remembered(self) -> tuple[int, int]:
        """Ids and stories that are remembered now."""
        return len(self._ids), len(self._stories)

    def fits(self, documents: int) -> bool:
        """Whether so many documents can be counted without anything being forgotten for want of room."""
        return self._ids.has_room(documents) and self._stories.has_room(documents)

    def begin(self, hour: int) -> None:
        """Forget what lies beyond the horizons as of an event hour, or is too much; before every count."""
        self._ids.forget(hour)
        self._stories.forget(hour)
        self._caps.begin_hour(hour)

    def count(
        self, minutes: Sequence[int], rows: Rows, cited: Mapping[int, Cited]
    ) -> tuple[int, dict[int, Counted]]:
        """Count the rows of some minutes of one event hour; returns how many count, and each minute."""
        counted = {minute: Counted() for minute in minutes}
        if not rows.size:
            return 0, counted
        hour = minutes[0] // 60
        rows = self._distinct(rows[_in_order(rows, self.topics, self.watched.known)], hour)
        if not rows.size:
            return 0, counted
        minute = rows["published"] // 60
        assigned = self._stories.assign(rows["story"], rows["lanes"], minute, hour)
        members = self.watched.spread(rows["watch"])
        capped = self._cap(rows, assigned)
        too_many = self._cap_watched(rows, assigned, members)
        self._add_up(counted, minute, rows, assigned, capped)
        self._add_up_watched(counted, minute, rows, assigned, members, too_many)
        if any(cited.values()):
            self._cite(counted, cited, minute, rows, assigned, capped, members, too_many)
        for place, merge in merges(assigned, rows):
            counted[int(minute[place])].merged += (merge,)
        for at, sources in by_source(minute, rows["source"]).items():
            counted[at].sources = sources
        return rows.size, counted

    def count_late(self, rows: Rows, last: int) -> tuple[Rows, Assigned]:
        """Of documents whose minutes have closed, those that count, and their stories; `last` closed last.

        They count in the order in which they came, as that is when each was told.
        """
        rows = self._distinct(rows, last // 60)
        minute = np.full(rows.size, last, np.int64)
        return rows, self._stories.assign(rows["story"], rows["lanes"], minute, last // 60)

    def _distinct(self, rows: Rows, hour: int) -> Rows:
        fresh = self._ids.add(rows["id"], hour)
        self.duplicates += rows.size - int(np.count_nonzero(fresh))
        return rows[fresh]

    def _cap(self, rows: Rows, assigned: Assigned) -> NDArray[np.bool_]:
        """Negative stories that exceed a cap, shape (2, n): for the topic, and overall."""
        capped = np.zeros((2, rows.size), bool)
        if not (self._settings.author_cap or self._settings.source_cap):
            return capped
        sources, place = np.unique(rows["source"][assigned.first], return_inverse=True)
        cell = place * len(self.topics) + rows["topic"][assigned.first]
        told = np.bincount(cell, minlength=sources.size * len(self.topics)).reshape(
            sources.size, len(self.topics)
        )
        self._caps.tell(OVERALL, zip(sources.tolist(), told.sum(axis=1).tolist(), strict=True))
        for topic in np.flatnonzero(told.any(axis=0)).tolist():
            pairs = zip(sources.tolist(), told[:, topic].tolist(), strict=True)
            self._caps.tell(self.topics[topic], ((source, count) for source, count in pairs if count))
        negative = np.flatnonzero(assigned.first & (rows["tone"] == 0))
        worst = rows[negative]
        for at, topic, source, author in zip(
            negative.tolist(),
            worst["topic"].tolist(),
            worst["source"].tolist(),
            worst["author"].tolist(),
            strict=True,
        ):
            capped[0, at] = not self._caps.admit(self.topics[topic], source, author)
            capped[1, at] = not self._caps.admit(OVERALL, source, author)
        return capped

    def _cap_watched(self, rows: Rows, assigned: Assigned, members: Memberships) -> NDArray[np.bool_]:
        """Which pairs of a negative story and a watchlist exceed the list's cap, shape of `members.row`."""
        capped = np.zeros(members.row.size, bool)
        if not (self._settings.author_cap or self._settings.source_cap):
            return capped
        told = np.flatnonzero(assigned.first[members.row])
        key, source = members.key[told].tolist(), rows["source"][members.row[told]].tolist()
        brought: dict[str, Counter[int]] = {}
        for at, of in zip(key, source, strict=True):
            brought.setdefault(members.keys[at], Counter())[of] += 1
        for name in sorted(brought):
            self._caps.tell(name, sorted(brought[name].items()))
        for pair in told[rows["tone"][members.row[told]] == 0].tolist():
            row = rows[members.row[pair]]
            name = members.keys[members.key[pair]]
            capped[pair] = not self._caps.admit(name, int(row["source"]), int(row["author"]))
        return capped

    def _add_up_watched(
        self,
        counted: Mapping[int, Counted],
        minute: Ints,
        rows: Rows,
        assigned: Assigned,
        members: Memberships,
        capped: NDArray[np.bool_],
    ) -> None:
        if not members.keys:
            return
        of = rows[members.row]
        fields = _fields(
            (minute[members.row] - minute[0]) * len(members.keys) + members.key,
            (int(minute[-1] - minute[0]) + 1, len(members.keys)),
            of,
            assigned.first[members.row],
            capped,
        )
        for at, key in np.argwhere(fields[0]).tolist():
            counted[int(minute[0]) + at].sums[members.keys[key]] = Sums(*fields[:, at, key].tolist())

    def _add_up(
        self,
        counted: Mapping[int, Counted],
        minute: Ints,
        rows: Rows,
        assigned: Assigned,
        capped: NDArray[np.bool_],
    ) -> None:
        # In order of time.
        start, topics = int(minute[0]), len(self.topics)
        size = (int(minute[-1]) - start + 1, topics)
        cell = (minute - start) * topics + rows["topic"]
        fields = _fields(cell, size, rows, assigned.first, capped[0])
        overall = fields.sum(axis=2)
        overall[_CAPPED] = np.bincount(cell[capped[1]], minlength=size[0] * topics).reshape(size).sum(axis=1)
        for at in np.flatnonzero(overall[0]).tolist():
            sums = counted[start + at].sums
            sums[OVERALL] = Sums(*overall[:, at].tolist())
            for topic in np.flatnonzero(fields[0, at]).tolist():
                sums[self.topics[topic]] = Sums(*fields[:, at, topic].tolist())

    def _cite(
        self,
        counted: Mapping[int, Counted],
        cited: Mapping[int, Cited],
        minute: Ints,
        rows: Rows,
        assigned: Assigned,
        capped: NDArray[np.bool_],
        members: Memberships,
        too_many: NDArray[np.bool_],
    ) -> None:
        """Choose what to cite: stories that count as negative, each once, with its copies in the minute."""
        stories = {each.story for some in cited.values() for these in some.values() for each in these}
        wanted = np.isin(rows["story"], np.array(sorted(stories), np.int64))
        cluster_of = dict(zip(rows["story"][wanted].tolist(), assigned.cluster[wanted].tolist(), strict=True))
        copied = np.isin(assigned.cluster, assigned.cluster[wanted])
        copies = Counter(zip(minute[copied].tolist(), assigned.cluster[copied].tolist(), strict=True))
        negative = assigned.first & (rows["tone"] == 0)
        in_topic, in_all = np.flatnonzero(negative & ~capped[0]), np.flatnonzero(negative & ~capped[1])
        cluster, topic = assigned.cluster, rows["topic"]
        counts_in = {
            (m, self.topics[t], c)
            for m, t, c in zip(
                minute[in_topic].tolist(), topic[in_topic].tolist(), cluster[in_topic].tolist(), strict=True
            )
        }
        counts_in |= {
            (m, OVERALL, c) for m, c in zip(minute[in_all].tolist(), cluster[in_all].tolist(), strict=True)
        }
        watched = negative[members.row] & ~too_many
        counts_in |= {
            (m, members.keys[k], c)
            for m, k, c in zip(
                minute[members.row[watched]].tolist(),
                members.key[watched].tolist(),
                cluster[members.row[watched]].tolist(),
                strict=True,
            )
        }
        for at, of_minute in cited.items():
            found: dict[str, list[Evidence]] = {}
            for name, candidates in of_minute.items():
                for each in candidates:
                    story = cluster_of.get(each.story)
                    if story is None or (at, name, story) not in counts_in:
                        continue
                    told = msgspec.structs.replace(each, story=story, copies=copies[at, story])
                    found.setdefault(name, []).append(told)
                    if is_topic(name) and (at, OVERALL, story) in counts_in:
                        found.setdefault(OVERALL, []).append(told)
            counted[at].evidence = {name: most_negative(each) for name, each in found.items()}

    def head(self) -> CountingHead:
        """What a snapshot keeps and rewrites each time."""
        return CountingHead(
            topics=self.topics,
            ids=self._ids.head(),
            stories=self._stories.heads(),
            caps=self._caps.state,
            duplicates=self.duplicates,
            watched=self.watched.known,
        )

    @property
    def logs(self) -> dict[str, RowLog]:
        """Logs whose sealed segments are the rest of a snapshot."""
        return {"ids": self._ids.log, **self._stories.logs}

    def restore(self, head: CountingHead, sealed: Mapping[str, Mapping[int, bytes]]) -> None:
        """Become what `head` and the sealed segments describe; KeyError where one is missing."""
        self.topics, self.duplicates = head.topics, head.duplicates
        self.watched = Combinations(head.watched)
        self._ids.restore(head.ids, sealed["ids"])
        self._stories.restore(head.stories, sealed)
        self._caps = Caps(self._settings.author_cap, self._settings.source_cap, head.caps)


_CAPPED = Sums.__struct_fields__.index("capped")


def _fields(
    cell: Ints, size: tuple[int, int], rows: Rows, first: NDArray[np.bool_], capped: NDArray[np.bool_]
) -> Ints:
    """What rows add up to in each cell of a table of minutes and keys, shape (fields of Sums, *size)."""
    tone, score = rows["tone"], rows["score"].astype(np.float64)

    def table(which: NDArray[np.bool_] | None = None, weights: NDArray[np.float64] | None = None) -> Ints:
        cells = cell if which is None else cell[which]
        # Sums of whole numbers below 2⁵³: exact.
        total = np.bincount(cells, weights, minlength=size[0] * size[1])
        return total.astype(np.int64).reshape(size)

    none = np.zeros(size, np.int64)
    return np.stack(
        [
            table(),
            table(first),
            table(tone == 0),
            table(tone == 1),
            table(tone == 2),
            table(first & (tone == 0)),
            none,
            table(capped),
            table(None, score),
            table(None, score * score),
        ]
    )


def _in_order(rows: Rows, topics: Sequence[str], watched: Sequence[tuple[str, ...]]) -> Ints:
    """Order of counting: by event time and id, and where these agree by all that a row says."""
    order = np.lexsort((rows["id"], rows["published"]))
    ahead, behind = order[1:], order[:-1]
    twice = np.flatnonzero(
        (rows["id"][ahead] == rows["id"][behind]) & (rows["published"][ahead] == rows["published"][behind])
    )
    if not twice.size:
        return order
    one, other = rows[ahead[twice]], rows[behind[twice]]
    told = ("story", "author", "source", "score", "topic", "tone", "watch", "lanes")
    if all(np.array_equal(one[name], other[name]) for name in told):
        return order
    places = {name: place for place, name in enumerate(sorted(topics))}
    place = np.array([places[name] for name in topics])[rows["topic"]]
    ranks = {each: rank for rank, each in enumerate(sorted(watched), 1)}
    rank = np.array([0, *(ranks[each] for each in watched)])[rows["watch"]]
    lanes = np.ascontiguousarray(rows["lanes"]).view("<u8").T
    return np.lexsort(
        (
            *lanes,
            rank,
            *(rows["source"], rows["author"], rows["score"], rows["tone"], place),
            *(rows["story"], rows["id"], rows["published"]),
        )
    )


def merges(assigned: Assigned, rows: Rows) -> Iterator[tuple[int, Merge]]:
    """Stories that joined one of another wording, and the place of the document that told so first."""
    at = assigned.joined
    told = zip(at.tolist(), rows["story"][at].tolist(), assigned.cluster[at].tolist(), strict=True)
    return ((place, Merge(story=story, joined=joined)) for place, story, joined in told)
