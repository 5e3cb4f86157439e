"""Which documents an alert may cite: the most negative distinct stories, however they were batched."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.keys import watchlist_key
from pipeline.records import Evidence, ScoredDocument

PER_MINUTE = 5
"""Stories that a minute's row cites."""
CANDIDATES = 8
"""Stories kept a minute and key until it closes: some may turn out to be wordings of one, or capped."""
_TITLE = 300
_AUTHOR = 100


def cite(document: ScoredDocument) -> Evidence:
    """Make the evidence that a scored document is."""
    title = document.title if document.title.strip() else document.body
    return Evidence(
        id=document.id,
        title=title[:_TITLE],
        source=document.source,
        url=document.url,
        published_at=document.published_at,
        topic=document.topic,
        score=document.score,
        story=document.story,
        tone=document.tone,
        author=document.author,
        watchlists=document.watchlists,
    )


def cited_under(evidence: Evidence) -> tuple[str, ...]:
    """Keys whose rows may cite it beside `overall`: its topic and its watchlists."""
    if not evidence.watchlists:
        return (evidence.topic,)
    return (evidence.topic, *map(watchlist_key, evidence.watchlists))


def rank(evidence: Evidence) -> tuple[float, float, str]:
    """Sort key: most negative first, then the earliest, then by id; total over distinct documents."""
    return (evidence.score, evidence.published_at.timestamp(), evidence.id)


def most_negative(candidates: Iterable[Evidence], limit: int = PER_MINUTE) -> tuple[Evidence, ...]:
    """Keep the `limit` first by `rank`, one a story.

    The choice over a union is the choice over the parts' choices, so it may be taken per batch and merged.
    """
    chosen: dict[int, Evidence] = {}
    for evidence in sorted(candidates, key=rank):
        if evidence.story not in chosen:
            chosen[evidence.story] = evidence
            if len(chosen) == limit:
                break
    return tuple(chosen.values())
