"""Rolling sentiment: sums per minute and key, and windows over them that slide in event time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt

from msgspec import Struct

from pipeline.records import Window

WINDOWS: Mapping[str, int] = {"5m": 5, "1h": 60, "24h": 1440}
"""Window names and their lengths in minutes."""

_AGRESTI_COULL = 4.0
"""Pseudo-observations, half of them negative: z² for 95 %, rounded as Agresti and Coull (1998) do."""


class Sums(Struct, array_like=True):
    """What one key's documents of one minute add up to; integers, so that order has no say."""

    documents: int = 0
    stories: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    negative_stories: int = 0
    late: int = 0
    capped: int = 0
    """Negative stories that detection leaves out."""
    score_sum: int = 0
    """Thousandths."""
    score_sumsq: int = 0
    """Millionths."""

    def add(self, tone: int, score: int, *, new_story: bool, late: bool) -> None:
        """Count one document: tone 0 negative, 1 neutral, 2 positive; score in thousandths."""
        self.documents += 1
        self.score_sum += score
        self.score_sumsq += score * score
        self.late += late
        self.stories += new_story
        if tone == 0:
            self.negative += 1
            self.negative_stories += new_story
        elif tone == 1:
            self.neutral += 1
        else:
            self.positive += 1


class Totals(Struct, array_like=True):
    """Running sums of one key over one window."""

    documents: int = 0
    negative: int = 0
    score_sum: int = 0

    def shift(self, sums: Sums, sign: int) -> None:
        """Let a minute in (sign 1) or out (sign -1)."""
        self.documents += sign * sums.documents
        self.negative += sign * sums.negative
        self.score_sum += sign * sums.score_sum


def window(totals: Totals) -> Window:
    """Turn running sums into the figures of a window."""
    n = totals.documents
    if not n:
        return Window(documents=0, mean=0.0, negative_share=0.0, negative_share_se=0.0)
    adjusted = (totals.negative + _AGRESTI_COULL / 2) / (n + _AGRESTI_COULL)
    return Window(
        documents=n,
        mean=round(totals.score_sum / n / 1000, 6),
        negative_share=round(totals.negative / n, 6),
        negative_share_se=round(sqrt(adjusted * (1 - adjusted) / (n + _AGRESTI_COULL)), 6),
    )


Minute = dict[str, Sums]
"""Sums of one minute by key."""


class Rolling:
    """Sums of the minutes within `horizon` and running windows that end at the last closed minute.

    Memory: one `Sums` per minute and key that had documents, for the minutes of the horizon.
    """

    def __init__(
        self, horizon: int, last: int | None = None, history: Mapping[int, Minute] | None = None
    ) -> None:
        self._horizon = max(horizon, *WINDOWS.values())
        self.last = last
        """The last closed minute."""
        self.history: dict[int, Minute] = dict(history or {})
        self._totals: dict[str, dict[str, Totals]] = {name: {} for name in WINDOWS}
        for minute, sums in self.history.items():
            self._shift(minute, sums, self._windows_over(minute), 1)

    def close(self, minute: int, sums: Minute) -> None:
        """Move every window on so that it ends with this minute, and let its sums in."""
        previous, self.last = self.last, minute
        if previous is not None:
            for name, length in WINDOWS.items():
                for gone in self._between(previous - length + 1, minute - length + 1):
                    self._shift(gone, self.history[gone], (name,), -1)
            for gone in self._between(previous - self._horizon + 1, minute - self._horizon + 1):
                del self.history[gone]
        if sums:
            self.history[minute] = sums
            self._shift(minute, sums, tuple(WINDOWS), 1)

    def amend(self, minute: int, keys: Iterable[str], tone: int, score: int, *, new_story: bool) -> bool:
        """Count a late document into a closed minute; False where that lies beyond the horizon."""
        if self.last is None or minute <= self.last - self._horizon:
            return False
        one = Sums()
        one.add(tone, score, new_story=new_story, late=True)
        sums = self.history.setdefault(minute, {})
        for key in keys:
            sums.setdefault(key, Sums()).add(tone, score, new_story=new_story, late=True)
            self._shift(minute, {key: one}, self._windows_over(minute), 1)
        return True

    @property
    def keys(self) -> set[str]:
        """Keys that have documents in any window."""
        return set().union(*self._totals.values())

    def windows(self, key: str) -> dict[str, Window]:
        """Rolling sentiment of a key as of the last closed minute."""
        return {name: window(self._totals[name].get(key, _EMPTY)) for name in WINDOWS}

    def windows_until(self, minute: int) -> dict[str, dict[str, Window]]:
        """Rolling sentiment by key as of an earlier closed minute, late documents counted in."""
        totals: dict[str, dict[str, Totals]] = {}
        for name, length in WINDOWS.items():
            for at in self._between(minute - length + 1, minute + 1):
                for key, sums in self.history[at].items():
                    of_key = totals.setdefault(key, {})
                    of_key.setdefault(name, Totals()).shift(sums, 1)
        return {
            key: {name: window(of_key.get(name, _EMPTY)) for name in WINDOWS}
            for key, of_key in totals.items()
        }

    def _between(self, start: int, stop: int) -> list[int]:
        """List minutes of [start, stop) that have sums, whichever way is shorter."""
        if stop - start <= len(self.history):
            return [minute for minute in range(start, stop) if minute in self.history]
        return [minute for minute in self.history if start <= minute < stop]

    def _windows_over(self, minute: int) -> tuple[str, ...]:
        last = minute if self.last is None else self.last
        return tuple(name for name, length in WINDOWS.items() if minute > last - length)

    def _shift(self, minute: int, sums: Minute, names: tuple[str, ...], sign: int) -> None:
        for name in names:
            totals = self._totals[name]
            for key, of_key in sums.items():
                running = totals.setdefault(key, Totals())
                running.shift(of_key, sign)
                if not running.documents:
                    del totals[key]


_EMPTY = Totals()
