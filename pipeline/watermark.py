"""How far event time has come: the point before which nothing more is expected."""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from pipeline.keytable import Ints

FOREVER = 1 << 62
"""The watermark once every partition has ended."""
NEVER = -(1 << 62)
"""The watermark before every partition has been heard of, where a number is wanted."""

WITNESSES, ALONE = 3, 10
"""Documents in a row that make a jump in time believed: of several sources, or of a single one."""


class Progress(Struct):
    """How far one partition has come."""

    high: int | None = None
    """Latest event time that is believed, unix seconds."""
    ahead: list[tuple[int, int]] = []
    """Event times and sources of the latest documents, while all of them lie beyond a jump."""


class Watermark:
    """Minimum over all source partitions of (latest event time believed - allowed lateness), unix seconds.

    The definition is that of Akidau et al., "The Dataflow Model" (VLDB 2015). Idle partitions are not left
    out: whoever reads one says how far the wall clock has come without a document, and that moves the
    partition on. So the watermark follows from what was read alone, and reading it again gives it again.

    A stamp more than `jump` seconds beyond what its partition has seen is believed once the documents after
    it say so too: one wrong stamp, or one source with a wrong clock among others, moves nothing.
    """

    def __init__(
        self, partitions: int, allowed_lateness: int, jump: int, progress: list[Progress] | None = None
    ) -> None:
        self._lateness = allowed_lateness
        self._jump = jump
        self.progress = progress if progress is not None else [Progress() for _ in range(partitions)]

    @property
    def value(self) -> int | None:
        """Unix seconds; None until every partition has been heard of."""
        lowest = FOREVER
        for progress in self.progress:
            if progress.high is None:
                return None
            lowest = min(lowest, progress.high)
        return lowest if lowest == FOREVER else lowest - self._lateness

    def hear(self, partition: int, stamps: Ints, sources: Ints) -> Ints:
        """Take documents in the order of the partition; returns what was believed before each of them."""
        progress = self.progress[partition]
        if not stamps.size:
            return stamps
        start = int(stamps[0]) if progress.high is None else progress.high
        highs = np.maximum.accumulate(np.concatenate(([start], stamps)))
        if not progress.ahead and (np.diff(highs) <= self._jump).all():
            progress.high = int(highs[-1])
            return highs[:-1]
        before = np.empty_like(stamps)
        high = start
        for index, (stamp, source) in enumerate(zip(stamps.tolist(), sources.tolist(), strict=True)):
            before[index] = high
            if stamp <= high + self._jump:
                high = max(high, stamp)
                progress.ahead.clear()
            else:
                progress.ahead.append((stamp, source))
                high = self._believe(high, progress)
        progress.high = high
        return before

    def _believe(self, high: int, progress: Progress) -> int:
        """What to believe when the latest documents all lie beyond a jump."""
        ahead = progress.ahead
        if len(ahead) < (ALONE if len({source for _, source in ahead}) == 1 else WITNESSES):
            return high
        high = min(stamp for stamp, _ in ahead)
        for stamp, _ in sorted(ahead):
            if stamp <= high + self._jump:
                high = max(high, stamp)
        progress.ahead = [(stamp, source) for stamp, source in ahead if stamp > high]
        return high

    def at(self, partition: int, highs: Ints) -> Ints:
        """The watermark if this partition had come to each of `highs`, shape (n,), and no other moved on."""
        others = [each.high for at, each in enumerate(self.progress) if at != partition]
        if any(high is None for high in others):
            return np.full(highs.shape, NEVER, np.int64)
        return np.minimum(highs, min((high for high in others if high is not None), default=FOREVER)) - (
            self._lateness
        )

    def advance(self, partition: int, high: int) -> None:
        """Note that event time has come to `high` in this partition; it never goes back."""
        progress = self.progress[partition]
        if progress.high is None or high > progress.high:
            progress.high = high
            progress.ahead = [each for each in progress.ahead if each[0] > high + self._jump]

    def end(self, partition: int) -> None:
        """Note that this partition ends here, so that it no longer holds the others back."""
        self.progress[partition] = Progress(high=FOREVER)
