"""How many documents each source sent in each minute, for whoever watches that the sources are alive."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipeline.keytable import Ints

MOST_NAMES = 16_384
"""Sources whose names are remembered; a further one is called by its hash."""
MOST_A_MINUTE = 256
"""Sources that one minute names; what the others sent stands under ``, the empty name."""
NO_SOURCES: dict[str, int] = {}
_NAME = 120


class Sources:
    """What sources are called: rows hold the hash of a name alone."""

    def __init__(self, names: Mapping[int, str] | None = None) -> None:
        self.names = dict(names or {})
        """Name by hash."""

    def hear(self, names: Mapping[int, str]) -> None:
        """Remember what sources are called."""
        for source, name in names.items():
            if source not in self.names and len(self.names) < MOST_NAMES:
                self.names[source] = name[:_NAME]

    def named(self, counts: Mapping[int, int]) -> dict[str, int]:
        """Documents by source name, in order of names: of the busiest 256, and of all others together."""
        by_name: dict[str, int] = {}
        for source, count in counts.items():
            name = self.names.get(source) or f"{source:016x}"
            by_name[name] = by_name.get(name, 0) + count
        if len(by_name) > MOST_A_MINUTE:
            busiest = sorted(by_name.items(), key=lambda item: (-item[1], item[0]))
            by_name = dict(busiest[:MOST_A_MINUTE])
            by_name[""] = sum(count for _, count in busiest[MOST_A_MINUTE:])
        return dict(sorted(by_name.items()))


def by_source(minute: Ints, source: Ints) -> dict[int, dict[int, int]]:
    """Documents by source hash, by minute; `minute` and `source` are columns of rows, shape (n,)."""
    if not minute.size:
        return {}
    start = int(minute.min())
    hashes, place = np.unique(source, return_inverse=True)
    cells = np.bincount((minute - start) * hashes.size + place)
    counted: dict[int, dict[int, int]] = {}
    for cell in np.flatnonzero(cells).tolist():
        at, which = divmod(cell, hashes.size)
        counted.setdefault(start + at, {})[int(hashes[which])] = int(cells[cell])
    return counted
