"""Which stories are the main ones: those whose words have come up, each theme told once. Pure.

A greedy choice as in SumBasic (Nenkova and Vanderwende, "The impact of frequency on summarization", 2005),
with words weighed by how surprising their spread is against the time before: log-likelihood ratios (Dunning,
"Accurate methods for the statistics of surprise and coincidence", 1993) of the slots of time in which a word
stands. Slots, not stories: fifty press releases of one minute are one event, what is told for days is many.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from math import log, log2, sqrt

from dashboards.query import Story
from dashboards.report.cluster import Cluster, headline_words

_LEAST = 3
"""Slots in which a word must stand to weigh anything."""
_TOLD = 0.35
"""What is left of a word's weight once a chosen story has told it."""
_WORDS = 4
"""Words of a headline that count, its weightiest: a long one holds more words, not more news."""


def main_stories(
    found: Sequence[Cluster], before: Iterable[Story], *, span: timedelta, past: timedelta, most: int
) -> list[Cluster]:
    """The `most` clusters of `found` that tell best what came up, the strongest first.

    `span` is the time that `found` is of, `past` that which the stories `before` are of.
    """
    slot = max(600.0, span.total_seconds() / 168)
    words = [headline_words(each.stories[0].first.title) for each in found]
    now = _slots((story for each in found for story in each.stories), slot)
    then = _slots(before, slot)
    scale = span / past
    weights = {
        word: _surprise(len(slots), (len(then.get(word, ())) + 0.5) * scale)
        for word, slots in now.items()
        if len(slots) >= _LEAST
    }
    chosen: list[Cluster] = []
    left = set(range(len(found)))
    while left and len(chosen) < most:
        best = max(left, key=lambda place: (_salience(words[place], found[place], weights), -place))
        chosen.append(found[best])
        left.discard(best)
        for word in words[best]:
            if word in weights:
                weights[word] *= _TOLD
    return chosen


def _slots(stories: Iterable[Story], slot: float) -> dict[str, set[int]]:
    """By word, the slots of time in which headlines have it."""
    found: dict[str, set[int]] = {}
    for story in stories:
        at = int(story.first.published_at.timestamp() // slot)
        for word in headline_words(story.first.title):
            found.setdefault(word, set()).add(at)
    return found


def _surprise(seen: int, expected: float) -> float:
    """Root of the Poisson log-likelihood ratio; 0 where no more is seen than expected."""
    if seen <= expected:
        return 0.0
    return sqrt(2 * (seen * log(seen / expected) - (seen - expected)))


def _salience(words: frozenset[str], cluster: Cluster, weights: dict[str, float]) -> float:
    told = sorted((weights.get(word, 0.0) for word in words), reverse=True)[:_WORDS]
    # Copies and versions say that others thought it mattered.
    return sum(told) * sqrt(1 + log2(cluster.documents))
