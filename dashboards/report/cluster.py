"""Versions of one thing: stories whose headlines share most of their words. Pure, and never a new word."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from dashboards.query import Story

ALIKE = 0.5
"""Shared words over all words of two headlines from which they tell one thing."""

_MARK = re.compile(r"^(?:(?:update|wrapup|rpt|correct\w*|refile|snap\w*|timeline)\s*\d*\s*[-:]\s*)+", re.I)
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_TELL_NOTHING = """
a an and are as at be been but by for from had has have he her his in into is it its new no not of off on or
our over s said says she so than that the their them they this to under up us was were what when which who
will with would after before amid about more vs via 的 了 在 是 和
"""
_STOP = frozenset(_TELL_NOTHING.split())
_TOO_COMMON = 400
"""A word that so many stories share tells none of them."""


class Cluster(Struct, kw_only=True):
    """Stories that tell one thing, the most told first."""

    stories: list[Story]

    @property
    def documents(self) -> int:
        """Documents of all its stories."""
        return sum(story.documents for story in self.stories)

    @property
    def score(self) -> float:
        """The lowest score."""
        return min(story.score for story in self.stories)


def clusters(stories: Iterable[Story]) -> list[Cluster]:
    """Put stories together that tell one thing; the most told first, then the most negative."""
    ordered = sorted(stories, key=lambda story: (-story.documents, story.first.published_at, story.story))
    found: list[Cluster] = []
    words: list[frozenset[str]] = []
    by_word: defaultdict[str, list[int]] = defaultdict(list)
    for story in ordered:
        own = headline_words(story.first.title or story.first.body[:200])
        place = _alike(own, words, by_word)
        if place is None:
            place = len(found)
            found.append(Cluster(stories=[]))
            words.append(own)
            for word in own:
                by_word[word].append(place)
        found[place].stories.append(story)
    return sorted(found, key=lambda each: (-each.documents, each.score, each.stories[0].first.published_at))


def headline_words(title: str) -> frozenset[str]:
    """The words of a headline that tell what it is about; of Chinese, pairs of characters."""
    plain = unicodedata.normalize("NFKC", title[:500]).casefold()
    plain = _MARK.sub("", plain.strip())
    found = {word for word in _WORD.findall(plain) if not _CJK.search(word)} - _STOP
    for run in re.findall(r"[\u3400-\u9fff\uf900-\ufaff]+", plain):
        found.update(run[i : i + 2] for i in range(max(1, len(run) - 1)))
    return frozenset(found)


def _alike(
    own: frozenset[str], words: Sequence[frozenset[str]], by_word: defaultdict[str, list[int]]
) -> int | None:
    shared: defaultdict[int, int] = defaultdict(int)
    for word in own:
        places = by_word.get(word, ())
        if len(places) <= _TOO_COMMON:
            for place in places:
                shared[place] += 1
    best, most = None, ALIKE
    for place, _ in shared.items():
        both = len(own & words[place])
        likeness = both / (len(own) + len(words[place]) - both)
        if likeness > most or (likeness == most and best is None):
            best, most = place, likeness
    return best
