"""One classified batch in columns, so that the aggregate reads numbers and not documents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evidence import CANDIDATES, cite, cited_under, most_negative
from pipeline.records import ROW_BYTES, Evidence, ScoredDocument, Tally
from pipeline.scoring import TONES
from pipeline.signature import LANES, comparable, signatures
from pipeline.story import hash63

ROW = np.dtype(
    [
        *((name, "<i8") for name in ("offset", "published", "id", "story", "author", "source")),
        ("lanes", "u1", LANES),
        ("score", "<i2"),
        ("topic", "<u2"),
        ("tone", "u1"),
        ("padding", "u1"),
        ("watch", "<u2"),
    ]
)
assert ROW.itemsize == ROW_BYTES
"""A document in a tally; `Tally.rows` says what each field is."""

Rows = NDArray[Any]

_TONE_INDEX = {tone: index for index, tone in enumerate(TONES)}

source_hash = lru_cache(4096)(hash63)
"""Hash of a source's name as it stands in rows."""


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
    cited = _cited(scored)
    watched = tuple(dict.fromkeys(each.watchlists for each in scored if each.watchlists))
    return Tally(
        run=run,
        partition=partition,
        start=start,
        end=end,
        clock=clock,
        final=final,
        rejected=tuple(rejected),
        topics=tuple(topics),
        watched=watched,
        sources=tuple(dict.fromkeys(document.source for document in scored)),
        rows=_rows(scored, topics, watched).tobytes(),
        evidence=tuple(evidence for _, evidence in cited),
        evidence_offset=tuple(offset for offset, _ in cited),
    )


def rows_of(tally: Tally) -> Rows:
    """The documents of a tally, shape (n,) of `ROW`; ValueError at a form that this version cannot read."""
    if tally.v != 2:
        raise ValueError(
            f"a tally of form {tally.v}, but this version of Tocsin reads form 2: let the version that wrote "
            "it read the topic to its end, or begin anew under another `topics.prefix`"
        )
    return np.frombuffer(tally.rows, ROW)


def _rows(
    scored: Sequence[ScoredDocument], topics: Sequence[str], watched: Sequence[tuple[str, ...]]
) -> Rows:
    topic_index = {topic: index for index, topic in enumerate(topics)}
    watch_index = {watchlists: index for index, watchlists in enumerate(((), *watched))}
    rows = np.zeros(len(scored), ROW)
    if not scored:
        return rows
    rows["offset"] = [document.offset for document in scored]
    rows["published"] = [math.floor(document.published_at.timestamp()) for document in scored]
    rows["id"] = [hash63(document.id) for document in scored]
    rows["story"] = [document.story for document in scored]
    rows["author"] = [_author(document) for document in scored]
    rows["source"] = [source_hash(document.source) for document in scored]
    rows["lanes"] = signatures([comparable(document.title, document.body) for document in scored])
    rows["score"] = [round(document.score * 1000) for document in scored]
    rows["topic"] = [topic_index[document.topic] for document in scored]
    rows["watch"] = [watch_index[document.watchlists] for document in scored]
    rows["tone"] = [_TONE_INDEX[document.tone] for document in scored]
    return rows


def _author(document: ScoredDocument) -> int:
    """Who is to be capped: a named author of a comment. Articles answer for their source."""
    if document.kind != "comment" or not document.author.strip():
        return 0
    return hash63(f"{document.source}\0{document.author.strip()}")


def _cited(scored: Sequence[ScoredDocument]) -> list[tuple[int, Evidence]]:
    """What an alert may cite, with offsets, in the order of the batch."""
    candidates: defaultdict[tuple[int, str], list[tuple[int, Evidence]]] = defaultdict(list)
    for document in scored:
        if document.tone == "negative":
            minute = math.floor(document.published_at.timestamp()) // 60
            evidence = cite(document)
            for key in cited_under(evidence):
                candidates[minute, key].append((document.offset, evidence))
    cited: dict[int, Evidence] = {}
    for found in candidates.values():
        chosen = set(map(id, most_negative((each for _, each in found), CANDIDATES)))
        cited |= {offset: evidence for offset, evidence in found if id(evidence) in chosen}
    return sorted(cited.items())
