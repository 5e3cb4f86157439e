"""Documents behind the stories: copies of negative ones, and those left out by a cap, over recent minutes."""

from __future__ import annotations

from alerts.events import Count


class Copies:
    """Copies and capped stories of one key, for the minutes that had any."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, int, int]] = []

    def add(self, minute: int, count: Count) -> None:
        """Take a minute's count, later minutes after earlier ones."""
        copies = max(count.documents - count.negative, 0)
        if copies or count.capped:
            self._kept.append((minute, copies, count.capped))

    def since(self, minute: int) -> tuple[int, int]:
        """Copies and capped stories from that minute on."""
        recent = [entry for entry in self._kept if entry[0] >= minute]
        return sum(entry[1] for entry in recent), sum(entry[2] for entry in recent)

    def forget(self, before: int) -> None:
        """Drop minutes before that one."""
        if self._kept and self._kept[0][0] < before:
            self._kept = [entry for entry in self._kept if entry[0] >= before]

    def state(self) -> list[tuple[int, int, int]]:
        """Everything it keeps, for a snapshot."""
        return self._kept

    def load(self, state: list[tuple[int, int, int]]) -> None:
        """Take what `state` gave."""
        self._kept = list(state)
