"""One classified batch in columns, so that the aggregate reads numbers and not documents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from pipeline.evidence import cite, most_negative
from pipeline.records import Evidence, ScoredDocument, Tally
from pipeline.scoring import TONES
from pipeline.story import hash63

_TONE_INDEX = {tone: index for index, tone in enumerate(TONES)}


def tally(
    scored: Sequence[ScoredDocument],
    *,
    run: str,
    partition: int,
    start: int,
    end: int,
    topics: Sequence[str],
    clock: int | None = None,
    rejected: Sequence[int] = (),
    final: bool = False,
) -> Tally:
    """Add up one batch of one source partition that accounts for its offsets [start, end)."""
    topic_index = {topic: index for index, topic in enumerate(topics)}
    candidates: defaultdict[tuple[int, str], list[tuple[int, Evidence]]] = defaultdict(list)
    published = [math.floor(document.published_at.timestamp()) for document in scored]
    for second, document in zip(published, scored, strict=True):
        if document.tone == "negative":
            candidates[second // 60, document.topic].append((document.offset, cite(document)))
    cited: list[tuple[int, Evidence]] = []
    for found in candidates.values():
        chosen = set(map(id, most_negative(evidence for _, evidence in found)))
        cited += [(offset, evidence) for offset, evidence in found if id(evidence) in chosen]
    cited.sort(key=lambda item: item[0])
    return Tally(
        run=run,
        partition=partition,
        start=start,
        end=end,
        clock=clock,
        final=final,
        rejected=tuple(rejected),
        topics=tuple(topics),
        offset=tuple(document.offset for document in scored),
        published=tuple(published),
        id=tuple(hash63(document.id) for document in scored),
        story=tuple(document.story for document in scored),
        topic=tuple(topic_index[document.topic] for document in scored),
        tone=tuple(_TONE_INDEX[document.tone] for document in scored),
        score=tuple(round(document.score * 1000) for document in scored),
        evidence=tuple(evidence for _, evidence in cited),
        evidence_offset=tuple(offset for offset, _ in cited),
    )
