"""The stories behind a count: enough of them, and no more, to cite those that moved any recent window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from alerts.events import Evidence

CITED = 5
"""Stories that an alert cites."""
_MOST_KEPT = 32
"""Stories kept a key at most, whatever comes."""
_LONGEST_URL = 500


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
        fresh = [(minute, _bounded(story)) for story in stories]
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

    def moved_most(
        self, minute: int, windows: Sequence[int], surprise: Sequence[float], without: Sequence[float]
    ) -> tuple[Evidence, ...]:
        """The stories without which the alert's surprise falls most, at most five, each with its fall.

        By window: length in minutes, surprise, and surprise `without` one negative story. The alert's
        surprise is that of the greatest window, so leaving a story out lowers every window that holds it,
        and what is left is the greatest of the rest: recent stories, which are in more windows, weigh more.
        Among equals the most negative come first, then the oldest, then by id.
        """
        highest = max(surprise)
        cited = []
        for when, story in self._kept:
            left = [
                less if when > minute - length else full
                for length, full, less in zip(windows, surprise, without, strict=True)
            ]
            fall = round(highest - max(left), 3)
            if fall > 0:
                cited.append(msgspec.structs.replace(story, contribution=fall))
        cited.sort(key=lambda story: (-story.contribution, story.score, story.published_at, story.id))
        return tuple(cited[:CITED])

    def state(self) -> list[list[Any]]:
        """Everything it keeps, for a snapshot: minutes and fields in their order, without their names."""
        return [[minute, *msgspec.structs.astuple(story)] for minute, story in self._kept]

    def load(self, state: list[list[Any]]) -> None:
        """Take what `state` gave."""
        names = Evidence.__struct_fields__
        self._kept = [
            (minute, Evidence(**dict(zip(names, fields, strict=True)))) for minute, *fields in state
        ]


def _bounded(story: Evidence) -> Evidence:
    """The story with an address no longer than we keep; a cut one would lead elsewhere, so it is left out."""
    return story if len(story.url) <= _LONGEST_URL else msgspec.structs.replace(story, url="")
