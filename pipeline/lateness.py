"""How late each source's documents come, for people to see; nothing is decided by it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.keytable import Ints

BOUNDS = (0.0, 1.0, 5.0, 15.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14_400.0, 86_400.0)
"""Upper bounds of the buckets, seconds."""
OTHER = "other"
MOST_SOURCES = 32
"""Sources with figures of their own; the rest is `other`, so that names from outside stay few."""
_ENOUGH = 100


class Lateness:
    """Seconds by which documents came after the latest event time of their partition, by source.

    A source has figures of its own once it has brought 100 documents, as long as there is room: labels are
    bounded, and none is ever taken away.
    """

    def __init__(self) -> None:
        self.counts: dict[str, list[int]] = {}
        """Documents in each bucket, the last one beyond all bounds."""
        self.sums: dict[str, int] = {}
        """Seconds."""
        self.late: dict[str, int] = {}
        """Documents whose minute had closed."""
        self._waiting: dict[str, int] = {}

    def observe(
        self, names: Mapping[int, str], sources: Ints, seconds: Ints, late: NDArray[np.bool_]
    ) -> None:
        """Take n documents: hash of the source, seconds behind, and whether the minute had closed."""
        distinct, inverse = np.unique(sources, return_inverse=True)
        buckets = np.searchsorted(BOUNDS, seconds, side="left")
        width = len(BOUNDS) + 1
        table = np.bincount(inverse * width + buckets, minlength=distinct.size * width).reshape(-1, width)
        sums = np.bincount(inverse, weights=seconds, minlength=distinct.size)
        lates = np.bincount(inverse, weights=late, minlength=distinct.size)
        for source, row, total, behind in zip(
            distinct.tolist(), table.tolist(), sums.tolist(), lates.tolist(), strict=True
        ):
            label = self._label(names.get(source, OTHER), sum(row))
            known = self.counts.setdefault(label, [0] * width)
            self.counts[label] = [a + b for a, b in zip(known, row, strict=True)]
            self.sums[label] = self.sums.get(label, 0) + int(total)
            self.late[label] = self.late.get(label, 0) + int(behind)

    def _label(self, name: str, documents: int) -> str:
        if name in self.counts:
            return name
        if len(self.counts) - (OTHER in self.counts) >= MOST_SOURCES:
            return OTHER
        if len(self._waiting) >= 1000 and name not in self._waiting:
            # Those that came but once in a while go first.
            self._waiting = {n: c for n, c in self._waiting.items() if c > 1}
            if len(self._waiting) >= 1000:
                self._waiting.clear()
        self._waiting[name] = self._waiting.get(name, 0) + documents
        if self._waiting[name] < _ENOUGH:
            return OTHER
        del self._waiting[name]
        return name
