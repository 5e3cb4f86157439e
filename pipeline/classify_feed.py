"""A feed's texts through the classifier, a line of output a text: what `tocsin classify` does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from pipeline.classify import Incoming, classify_batch
from pipeline.feed import Feed
from pipeline.records import Document, Rejected, ScoredDocument, Tone
from pipeline.scoring import Classifier

BATCH = 512
"""Texts that are classified at once; the classifier cuts them to its own token budget."""


class Label(Struct, frozen=True, kw_only=True):
    """Topic and tone of one text; fields are as in `ScoredDocument`."""

    id: str
    lang: str
    topic: str
    p_topic: float
    tone: Tone
    p_negative: float
    p_neutral: float
    p_positive: float
    score: float
    model: str


def classify_feed(
    feed: Feed, classifier: Classifier, *, now: datetime, batch: int = BATCH
) -> Iterator[tuple[list[Label], list[Rejected]]]:
    """Labels of `feed`'s texts in its order, with the rows that were rejected among them, batch by batch.

    No more than a batch is held in memory. A text that the classifier fails on is rejected like an unreadable
    row.
    """
    documents: list[Document] = []
    rows: list[int] = []
    rejected: list[Rejected] = []
    for item in feed:
        if isinstance(item, Rejected):
            rejected.append(item)
        else:
            documents.append(item)
            rows.append(feed.rows_read)
        if len(documents) + len(rejected) >= batch:
            yield _label(documents, rows, rejected, classifier, feed.name, now)
            documents, rows, rejected = [], [], []
    if documents or rejected:
        yield _label(documents, rows, rejected, classifier, feed.name, now)


def _label(
    documents: list[Document],
    rows: list[int],
    rejected: list[Rejected],
    classifier: Classifier,
    name: str,
    now: datetime,
) -> tuple[list[Label], list[Rejected]]:
    records = [
        Incoming(0, row, msgspec.json.encode(document)) for row, document in zip(rows, documents, strict=True)
    ]
    classified = classify_batch(
        records, classifier, run="classify", topic=name, now=now, future_tolerance=0, live=False
    )
    everything = sorted([*rejected, *classified.rejected], key=lambda record: record.offset)
    return [_of(scored) for scored in classified.scored], everything


def _of(scored: ScoredDocument) -> Label:
    return Label(**{name: getattr(scored, name) for name in Label.__struct_fields__})
