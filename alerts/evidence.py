"""The stories behind a count: enough of them, and no more, to cite the worst of any recent window."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from alerts.events import Evidence

CITED = 5
"""Stories that an alert cites."""
_MOST_KEPT = 60
"""Stories kept a key at most, whatever comes."""


class EvidenceWindow:
    """Most negative distinct stories of one key over every window up to the longest.

    Keeps a story only while fewer than five newer ones are more negative (the k-skyband of score and age,
    Mouratidis et al. 2006): exactly those that can still be among the five worst of some window that ends
    now, about 5 x ln(stories) of them.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[int, Evidence]] = []

    def add(self, minute: int, stories: Iterable[Evidence]) -> None:
        """Take the stories of a minute, later minutes after earlier ones."""
        fresh = [(minute, story) for story in stories]
        if not fresh:
            return
        kept: list[tuple[int, Evidence]] = []
        scores: list[float] = []
        seen: set[int] = set()
        for when, story in [*reversed(fresh), *reversed(self._kept)]:
            if story.story in seen:
                continue
            if when == minute or sum(score <= story.score for score in scores) < CITED:
                kept.append((when, story))
                scores.append(story.score)
                seen.add(story.story)
        kept.reverse()
        self._kept = kept[-_MOST_KEPT:]

    def forget(self, before: int) -> None:
        """Drop stories of minutes before that one."""
        if self._kept and self._kept[0][0] < before:
            self._kept = [entry for entry in self._kept if entry[0] >= before]

    def worst(self, since: int) -> tuple[Evidence, ...]:
        """The most negative stories from that minute on, most negative first, then oldest, then by id."""
        recent = [story for when, story in self._kept if when >= since]
        recent.sort(key=lambda story: (story.score, story.published_at, story.id))
        return tuple(recent[:CITED])

    def state(self) -> list[tuple[int, Evidence]]:
        """Everything it keeps, for a snapshot."""
        return self._kept

    def load(self, state: list[Any]) -> None:
        """Take what `state` gave."""
        self._kept = [(minute, story) for minute, story in state]
