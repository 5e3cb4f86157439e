"""Which documents tell the same story: word for word, or nearly so and not long after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from pipeline.keytable import Ints, KeyTable
from pipeline.rowlog import RowLog, Segment
from pipeline.signature import BANDS, LANES

NEAR_MINUTES = 30
"""Minutes within which the lower of the two similarities is enough: a burst of wordings is one event."""
NEAR, FAR = 29, 42
"""Lanes of 64 that must agree with the story's first document: similarity 0.45 and 0.65."""

_TOLD = np.dtype([("story", "<i8"), ("cluster", "<i8")])
_LEADER = np.dtype([("cluster", "<i8"), ("minute", "<i4"), ("owns", "<u2"), ("lanes", "u1", LANES)])
_BAND = np.arange(BANDS, dtype=np.int64) << 32


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
    joined: list[tuple[int, int]]
    """Story keys that joined a story of another wording, each with that story's key."""


class Stories:
    """Clusters documents around the first of each story, in the order in which they come.

    A document joins a story if its text is the same, or if its signature is like that of the story's first
    document (leader clustering, Hartigan 1975: no chains of ever less alike texts). Candidates agree in a
    band of the signature (locality-sensitive hashing, Indyk and Motwani 1998); of those of one band the
    oldest is compared. How documents are cut into batches changes nothing.

    Memory: about 50 bytes a distinct text and 500 a story, for the stories of the horizon, of which there are
    never more than `most` by more than the documents of one minute.
    """

    def __init__(self, horizon: int, most: int, *, similar: bool) -> None:
        self._horizon = horizon
        self._most = most
        self._similar = similar
        self._told = RowLog(_TOLD)
        self._leaders = RowLog(_LEADER)
        self._texts = KeyTable()
        self._bands = KeyTable()

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
        joining = rows[~leads[rows]]
        joined = list(zip(story[joining].tolist(), cluster[inverse[joining]].tolist(), strict=True))
        told = np.empty(rows.size, _TOLD)
        told["story"], told["cluster"] = fresh, cluster[inverse[rows]]
        start = self._told.append(told, hour)
        self._texts.put(fresh, np.arange(start, self._told.end), self._told.first, self._told.end)
        return Assigned(cluster[inverse], leads, joined)

    def _lead(self, story: Ints, lanes: NDArray[np.uint8], minute: Ints, hour: int) -> Ints:
        """Cluster of each of some new texts; those that begin one become leaders."""
        found = _Run(self._leaders, self._bands, story, lanes, minute)
        found.decide()
        leads = found.leads
        leaders = np.empty(int(np.count_nonzero(leads)), _LEADER)
        leaders["cluster"], leaders["minute"], leaders["lanes"] = story[leads], minute[leads], lanes[leads]
        leaders["owns"] = (found.owns[leads] << np.arange(BANDS)).sum(axis=1)
        start = self._leaders.append(leaders, hour)
        self._index(leaders, start)
        return found.cluster

    def _index(self, leaders: NDArray[Any], start: int) -> None:
        """Let each band key name the leader that owns it."""
        owns = (leaders["owns"][:, None] >> np.arange(BANDS)) & 1 == 1
        keys = _bands(leaders["lanes"])[owns]
        numbers = np.broadcast_to(start + np.arange(leaders.size)[:, None], owns.shape)[owns]
        self._bands.put(keys, numbers, self._leaders.first, self._leaders.end)

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
        first = self._leaders.first
        self._index(self._leaders[np.arange(first, self._leaders.end)], first)


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
        keys, place = np.unique(_bands(self._lanes), return_inverse=True)
        self._keys: Ints = place.reshape(-1, BANDS)
        # Number of the leader that owns a key; texts of this run are numbered after all that stand.
        self._owner = table.find(keys, leaders.first, leaders.end)
        self.cluster = story.copy()
        self.leads = np.zeros(story.size, bool)
        self.owns = np.zeros((story.size, BANDS), bool)

    def decide(self) -> None:
        """Decide all of them."""
        undecided = np.arange(self._story.size)
        earliest = np.empty(self._owner.size, np.int64)
        while undecided.size:
            keys = self._keys[undecided]
            owners = self._owner[keys]
            free = owners < 0
            text = np.broadcast_to(undecided[:, None], keys.shape)
            # Of several writes to one place the last stays: backwards, that is the earliest text.
            earliest[keys[free][::-1]] = text[free][::-1]
            ready = ~(free & (earliest[keys] < text)).any(axis=1)
            texts = undecided[ready]
            self._join(texts, owners[ready])
            leading = self.cluster[texts] == self._story[texts]
            self.leads[texts] = leading
            taken = free[ready] & leading[:, None]
            self.owns[texts] = taken
            self._owner[keys[ready][taken]] = self._end + text[ready][taken]
            undecided = undecided[~ready]

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
    """Band keys of some signatures, shape (n, BANDS)."""
    return np.ascontiguousarray(lanes).view("<u4").astype(np.int64) | _BAND
