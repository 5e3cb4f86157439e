"""A feed read whole and put into the order in which it happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pipeline.feed import Feed
from pipeline.records import Document, Rejected


@dataclass(frozen=True)
class History:
    """What a replay is fed: documents by (published_at, id), and what of the feed could not be read."""

    feed: str
    """File name of the feed."""
    documents: tuple[Document, ...]
    rows: tuple[int, ...]
    """Row of the feed of each document, counted from 1."""
    rejected: tuple[Rejected, ...]
    outside: int
    """Documents left out because they lie outside the asked span; they count nowhere else."""

    @property
    def first(self) -> datetime | None:
        """When the first document was published."""
        return self.documents[0].published_at if self.documents else None

    @property
    def last(self) -> datetime | None:
        """When the last document was published."""
        return self.documents[-1].published_at if self.documents else None


def read_history(
    feed: Feed,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    on_row: Callable[[int], None] = lambda _: None,
) -> History:
    """Read every row of `feed` and keep the documents published in [start, end).

    Rows that agree in stamp and id stay in the feed's order. It is all held in memory, about 1 kB a headline.
    `on_row` is told how many rows have been read.
    """
    kept: list[tuple[Document, int]] = []
    rejected: list[Rejected] = []
    outside = 0
    for item in feed:
        if isinstance(item, Rejected):
            rejected.append(item)
        elif (start and item.published_at < start) or (end and item.published_at >= end):
            outside += 1
        else:
            kept.append((item, feed.rows_read))
        on_row(feed.rows_read)
    kept.sort(key=lambda each: (each[0].published_at, each[0].id))
    return History(
        feed=feed.name,
        documents=tuple(document for document, _ in kept),
        rows=tuple(row for _, row in kept),
        rejected=tuple(rejected),
        outside=outside,
    )
