"""What was rejected, summed up for a person: how many, why, and where to look."""

from __future__ import annotations

from collections import Counter, defaultdict

from pipeline.records import Rejected

_SHOWN = 5


class Rejections:
    """Counts rejections by reason and remembers the first row numbers and one example of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: defaultdict[str, list[int]] = defaultdict(list)
        self._example: dict[str, str] = {}

    def add(self, rejected: Rejected) -> None:
        """Count one."""
        reason = rejected.reason
        self._counts[reason] += 1
        if len(self._first[reason]) < _SHOWN:
            self._first[reason].append(rejected.offset)
        self._example.setdefault(reason, rejected.detail)

    @property
    def total(self) -> int:
        """How many were rejected."""
        return self._counts.total()

    def by_reason(self) -> dict[str, int]:
        """Reason → count, most frequent first."""
        return dict(self._counts.most_common())

    def lines(self) -> list[str]:
        """One line a reason: `12 wrong_field (rows 3, 9, …): line 4: …`."""
        lines = []
        for reason, count in self._counts.most_common():
            rows = ", ".join(str(row) for row in self._first[reason]) + (", …" if count > _SHOWN else "")
            lines.append(
                f"{count:,} {reason} (row{'s' if count > 1 else ''} {rows}): {self._example[reason]}"
            )
        return lines
