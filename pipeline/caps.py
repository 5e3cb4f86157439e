"""How much one author or one source may add to what detection counts: a flood alone must not ring."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

_DAY = 24
ESTABLISHED = 0.5
"""Usual share of a key's stories from which a source is the feed itself and is not capped."""
LEARNING_HOURS = 24
"""Hours with stories until a key's usual shares are known; before that no source is capped."""
_MEMORY_HOURS = 72
_CORROBORATION = 3
_RARE = 0.001
_MOST = 200_000

Flags = list[tuple[bool, ...]]


class _Share(Struct, array_like=True):
    """What sources usually bring of one key's stories."""

    hours: int = 0
    usual: dict[int, float] = {}


class CapsState(Struct):
    """Everything it knows, for a snapshot."""

    hour: int = -1
    authors: dict[str, dict[int, int]] = {}
    """Negative stories counted today, by key and author."""
    hourly: dict[str, dict[int, int]] = {}
    """The same this hour, by key and source."""
    daily: dict[str, dict[int, int]] = {}
    stories: dict[str, dict[int, int]] = {}
    """Stories of any tone this hour, by key and source."""
    shares: dict[str, _Share] = {}


class Caps:
    """Says which negative stories count for detection; docs/decisions/0008-stories.md says why so.

    An author of comments counts for at most `author` negative stories a key and day (UTC). A source counts
    for `source` an hour, and a day, or for three times what all others bring, unless it usually brings half
    of the key's stories: then it is the feed, and nothing caps it. Usual is the mean over hours, the latest
    72 weighing most, so that one loud hour does not make a source usual.

    Memory: a few entries a source and key, and one an author and key with a negative story today, at most
    200,000 of them; beyond that, authors are not told apart until the day ends.
    """

    def __init__(self, author: int, source: int, state: CapsState | None = None) -> None:
        self._author = author
        self._source = source
        self.state = state or CapsState()

    def begin_hour(self, hour: int) -> None:
        """Note that an event hour begins; one that has begun changes nothing."""
        state = self.state
        if hour == state.hour:
            return
        if state.hour >= 0:
            for key, counts in state.stories.items():
                self._learn(state.shares.setdefault(key, _Share()), counts)
        if hour // _DAY != state.hour // _DAY:
            state.authors, state.daily = {}, {}
        state.hour, state.hourly, state.stories = hour, {}, {}

    @staticmethod
    def _learn(share: _Share, counts: dict[int, int]) -> None:
        """Move usual shares by one hour's, each hour counting the same however loud it was."""
        share.hours += 1
        step = 1 / min(share.hours, _MEMORY_HOURS)
        total = sum(counts.values())
        usual = {source: value * (1 - step) for source, value in share.usual.items()}
        for source, count in counts.items():
            usual[source] = usual.get(source, 0.0) + step * count / total
        share.usual = {source: value for source, value in usual.items() if value >= _RARE}

    def tell(self, key: str, counts: Iterable[tuple[int, int]]) -> None:
        """Note stories of any tone: sources and how many each brought of a key."""
        stories = self.state.stories.setdefault(key, {})
        for source, count in counts:
            stories[source] = stories.get(source, 0) + count

    def admit(self, key: str, source: int, author: int) -> bool:
        """Whether a negative story of a key counts; `author` is 0 where none is to be capped."""
        state = self.state
        authors = state.authors.setdefault(key, {})
        if author and self._author:
            if len(authors) >= _MOST and author not in authors:
                author = 1
            if authors.get(author, 0) >= self._author:
                return False
        hourly, daily = state.hourly.setdefault(key, {}), state.daily.setdefault(key, {})
        if self._source and not self._is_established(key, source):
            for counts in (hourly, daily):
                own = counts.get(source, 0)
                others = counts.get(0, 0) - own
                if own >= max(self._source, _CORROBORATION * others):
                    return False
        if author and self._author:
            authors[author] = authors.get(author, 0) + 1
        for counts in (hourly, daily):
            # 0 stands for all sources together.
            counts[source] = counts.get(source, 0) + 1
            counts[0] = counts.get(0, 0) + 1
        return True

    def _is_established(self, key: str, source: int) -> bool:
        share = self.state.shares.get(key)
        return share is None or share.hours < LEARNING_HOURS or share.usual.get(source, 0.0) >= ESTABLISHED
