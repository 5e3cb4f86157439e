"""Which documents tell the same story: word for word, or nearly so and not long after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.keytable import Ints, KeyTable
from pipeline.rowlog import RowLog, Segment
from pipeline.signature import BANDS, LANES

NEAR_MINUTES = 30
"""Minutes within which the lower of the two similarities is enough: a burst of wordings is one event."""
NEAR, FAR = 32, 56
"""Lanes of 64 that must agree with the story's first document: similarity 0.5 and 0.87."""

_TOLD = np.dtype([("story", "<i8"), ("cluster", "<i8")])
_LEADER = np.dtype([("cluster", "<i8"), ("minute", "<i4"), ("owns", "u1"), ("lanes", "u1", LANES)])
_BAND = np.arange(BANDS, dtype=np.int64) << 24


class Heads(Struct):
    """What a snapshot keeps of the stories and rewrites each time."""

    told: list[Segment]
    leaders: list[Segment]


@dataclass(frozen=True)
class Assigned:
    """Which stories some documents tell."""

    cluster: Ints
    """Key of the document that told the story first, for each document."""
    first: NDArray[np.bool_]
    """Whether it is that document."""
    joined: Ints
    """Places of the documents that were the first to tell of a story that stands in another wording."""


class Stories:
    """Clusters documents around the first of each story, in the order in which they come.

    A document joins a story if its text is the same, or if its signature is like that of the story's first
    document (leader clustering, Hartigan 1975: no chains of ever less alike texts). Candidates agree in a
    band of the signature (locality-sensitive hashing, Indyk and Motwani 1998); of those of one band the
    oldest is compared. How documents are cut into batches changes nothing.

    Memory: some 70 bytes a distinct text and 400 to 700 a story, for the stories of the horizon, of which
    there are never more than `most` by more than the documents of one minute.
    """

    def __init__(self, horizon: int, most: int, *, similar: bool) -> None:
        self._horizon = horizon
        self._most = most
        self._similar = similar
        self._told = RowLog(_TOLD)
        self._leaders = RowLog(_LEADER)
        self._texts = KeyTable()
        self._bands = KeyTable()
        self._earliest = np.empty(0, np.uint32)

    def __len__(self) -> int:
        return len(self._leaders) if self._similar else len(self._told)

    def has_room(self, more: int) -> bool:
        """Whether so many more documents leave all stories in their place."""
        return len(self._told) + more <= self._most

    def assign(self, story: Ints, lanes: NDArray[np.uint8], minute: Ints, hour: int) -> Assigned:
        """Assign documents, in their order, all of one event hour; shapes (n,), (n, LANES), (n,)."""
        distinct, first, inverse = np.unique(story, return_index=True, return_inverse=True)
        known = self._texts.find(distinct, self._told.first, self._told.end)
        cluster = np.empty(distinct.size, np.int64)
        heard = known >= 0
        cluster[heard] = self._told[known[heard]]["cluster"]
        rows = np.sort(first[~heard])
        fresh = story[rows]
        if self._similar:
            cluster[inverse[rows]] = self._lead(fresh, lanes[rows], minute[rows], hour)
        else:
            cluster[inverse[rows]] = fresh
        leads = np.zeros(story.size, bool)
        leads[rows] = cluster[inverse[rows]] == fresh
        told = np.empty(rows.size, _TOLD)
        told["story"], told["cluster"] = fresh, cluster[inverse[rows]]
        start = self._told.append(told, hour)
        self._texts.put(fresh, np.arange(start, self._told.end), self._told.first, self._told.end)
        return Assigned(cluster[inverse], leads, rows[~leads[rows]])

    def _lead(self, story: Ints, lanes: NDArray[np.uint8], minute: Ints, hour: int) -> Ints:
        """Cluster of each of some new texts; those that begin one become leaders."""
        found = _Run(self._leaders, self._bands, story, lanes, minute)
        if self._earliest.size != self._bands.slots:
            self._earliest = np.empty(self._bands.slots, np.uint32)
        found.decide(self._earliest)
        leads = np.flatnonzero(found.leads)
        leaders = np.empty(leads.size, _LEADER)
        leaders["cluster"], leaders["minute"], leaders["lanes"] = story[leads], minute[leads], lanes[leads]
        owns = found.owns[leads]
        leaders["owns"] = np.packbits(owns, axis=1, bitorder="little")[:, 0]
        start = self._leaders.append(leaders, hour)
        numbers = np.broadcast_to(start + np.arange(leads.size)[:, None], owns.shape)
        self._bands.note(found.places[leads][owns], numbers[owns])
        return found.cluster

    def forget(self, hour: int) -> None:
        """Forget what lies beyond the horizon as of this event hour, or is too much."""
        for log in (self._told, self._leaders):
            log.forget(hour - self._horizon, self._most)

    def heads(self) -> Heads:
        """What a snapshot keeps and rewrites each time."""
        return Heads(self._told.head(), self._leaders.head())

    @property
    def logs(self) -> dict[str, RowLog]:
        """Texts and leaders in order; their sealed segments are the rest of a snapshot."""
        return {"told": self._told, "leaders": self._leaders}

    def restore(self, heads: Heads, sealed: Mapping[str, Mapping[int, bytes]]) -> None:
        """Become what `heads` and the sealed segments describe; KeyError where one is missing."""
        self._told.restore(heads.told, sealed["told"])
        self._leaders.restore(heads.leaders, sealed["leaders"])
        numbers = np.arange(self._told.first, self._told.end)
        self._texts = KeyTable()
        self._texts.put(self._told[numbers]["story"], numbers, self._told.first, self._told.end)
        self._bands = KeyTable()
        first, end = self._leaders.first, self._leaders.end
        leaders = self._leaders[np.arange(first, end)]
        owns = (leaders["owns"][:, None] >> np.arange(BANDS)) & 1 == 1
        numbers = np.broadcast_to(np.arange(first, end)[:, None], owns.shape)
        self._bands.put(_bands(leaders["lanes"])[owns], numbers[owns], first, end)


class _Run:
    """Some new texts that are told from what stands and from each other, as if one after the other.

    A band key belongs to the first story that has it, until that is forgotten. A text can be decided once no
    earlier text that is undecided could still take one of its keys; so many are decided at once.
    """

    def __init__(
        self, leaders: RowLog, table: KeyTable, story: Ints, lanes: NDArray[np.uint8], minute: Ints
    ) -> None:
        self._leaders, self._end = leaders, leaders.end
        self._story, self._lanes, self._minute = story, np.ascontiguousarray(lanes), minute
        keys = _bands(self._lanes)
        self.places = table.places(keys.ravel(), leaders.first, leaders.end).reshape(keys.shape)
        """Where the table keeps who owns the band keys, shape (n, BANDS)."""
        # Number of the leader that owns a key, while texts of this run are numbered after all that stand.
        self._owner = table.numbers(self.places, leaders.first, leaders.end)
        self.cluster = story.copy()
        self.leads = np.zeros(story.size, bool)
        self.owns = np.zeros((story.size, BANDS), bool)

    def decide(self, earliest: NDArray[np.uint32]) -> None:
        """Decide all of them; `earliest` is scratch room as large as the table."""
        undecided = np.arange(self._story.size, dtype=np.uint32)
        while undecided.size:
            owners, places = self._owner[undecided], self.places[undecided]
            free = owners < 0
            text = np.broadcast_to(undecided[:, None], places.shape)
            # Of several writes to one place the last stays: backwards, that is the earliest text.
            earliest[places[free][::-1]] = text[free][::-1]
            waits = free.copy()
            waits[free] = earliest[places[free]] < text[free]
            ready = ~waits.any(axis=1)
            texts = undecided[ready].astype(np.int64)
            self._join(texts, owners[ready])
            leading = self.cluster[texts] == self._story[texts]
            self.leads[texts] = leading
            self.owns[texts] = free[ready] & leading[:, None]
            undecided = undecided[~ready]
            self._hear_of(texts[leading], undecided, earliest)

    def _hear_of(self, leaders: Ints, undecided: NDArray[np.uint32], earliest: NDArray[np.uint32]) -> None:
        """Let the undecided know who has come to own their keys."""
        if not undecided.size:
            return
        owners, places = self._owner[undecided], self.places[undecided]
        free = owners < 0
        none = np.uint32(self._story.size)
        earliest[places[free]] = none
        owned = self.owns[leaders]
        earliest[self.places[leaders][owned]] = np.broadcast_to(leaders[:, None], owned.shape)[owned]
        heard = earliest[places[free]]
        owners[free] = np.where(heard == none, -1, self._end + heard.astype(np.int64))
        self._owner[undecided] = owners

    def _join(self, texts: Ints, owners: Ints) -> None:
        """Let texts join the story that is most like them, of equals the oldest, where that is enough."""
        at, band = np.nonzero(owners >= 0)
        if not at.size:
            return
        number = owners[at, band]
        text = texts[at]
        old = number < self._end
        told, lanes = self._minute[np.where(old, 0, number - self._end)], np.empty((number.size, LANES), "u1")
        leaders = self._leaders[number[old]]
        told[old], lanes[old] = leaders["minute"], leaders["lanes"]
        lanes[~old] = self._lanes[number[~old] - self._end]
        agree = np.count_nonzero(self._lanes[text] == lanes, axis=1)
        enough = agree >= np.where(self._minute[text] - told <= NEAR_MINUTES, NEAR, FAR)
        text, number, agree = text[enough], number[enough], agree[enough]
        best = np.lexsort((number, -agree, text))
        text, first = np.unique(text[best], return_index=True)
        number = number[best][first]
        old = number < self._end
        self.cluster[text[old]] = self._leaders[number[old]]["cluster"]
        self.cluster[text[~old]] = self._story[number[~old] - self._end]


def _bands(lanes: NDArray[np.uint8]) -> Ints:
    """Band keys of some signatures, shape (n, BANDS): three lanes of each four, and which band it is."""
    fours = np.ascontiguousarray(lanes[:, : 4 * BANDS]).view("<u4") & np.uint32(0xFFFFFF)
    return fours.astype(np.int64) | _BAND
