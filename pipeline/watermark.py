"""How far event time has come: the point before which nothing more is expected."""

from __future__ import annotations

FOREVER = 1 << 62
"""The watermark once every partition has ended."""


class Watermark:
    """Minimum over all source partitions of (latest event time seen - allowed lateness), in unix seconds.

    The definition is that of Akidau et al., "The Dataflow Model" (VLDB 2015). Idle partitions are not left
    out: whoever reads one says how far the wall clock has come without a document, and that moves the
    partition on. So the watermark follows from what was read alone, and reading it again gives it again.
    """

    def __init__(self, partitions: int, allowed_lateness: int, highs: list[int | None] | None = None) -> None:
        self._lateness = allowed_lateness
        self.highs: list[int | None] = highs if highs is not None else [None] * partitions

    @property
    def value(self) -> int | None:
        """Unix seconds; None until every partition has been heard of."""
        lowest = FOREVER
        for high in self.highs:
            if high is None:
                return None
            lowest = min(lowest, high)
        return lowest if lowest == FOREVER else lowest - self._lateness

    def advance(self, partition: int, high: int) -> None:
        """Note that event time has come to `high` in this partition; it never goes back."""
        current = self.highs[partition]
        if current is None or high > current:
            self.highs[partition] = high

    def end(self, partition: int) -> None:
        """Note that this partition ends here, so that it no longer holds the others back."""
        self.highs[partition] = FOREVER
