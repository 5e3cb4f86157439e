"""Surprise of many keys over several windows, minute by minute: the detector without its alerts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from alerts.arrays import Bool, Float, Int, Packed, pack, unpack, widen
from alerts.baseline import NEGATIVE, SLOTS_PER_HOUR, STORIES, SeasonalBaseline
from alerts.settings import DetectorSettings
from alerts.spread import Spread
from alerts.surprise import combined_surprise, count_interval, count_surprise, share_surprise
from alerts.threshold import TailThreshold
from alerts.windows import RollingCounts

HOUR = 60
_SHORT = 180
"""Windows of up to so many minutes are measured against the tempo of the last hours."""
_SHARE_BOUNDS = (0.002, 0.95)


@dataclass
class Scores:
    """What one minute's stories mean for every key, before anything is learnt from them."""

    minute: int
    fresh: Int
    """Stories of the minute, negative ones and all, shape (2, keys)."""
    sums: Int
    """Stories of the windows that end with the minute, shape (windows, 2, keys)."""
    surprise: Float
    """-log10 of the probability of so many, shape (windows, keys); 0 where a key was not looked at."""
    highest: Float
    """The greatest over the windows, shape (keys,)."""
    normal: Callable[[int], Float]
    """Tells `expected`; most minutes need not know."""

    @cached_property
    def expected(self) -> Float:
        """Stories that are normal for the windows, shape (windows, 2, keys)."""
        return self.normal(self.minute)


class SurprisePanel:
    """Baseline, spread and tail of many keys in arrays, a column a key; `score`, then `learn`, each minute.

    Pure and online: memory a key is constant, and a minute costs a few vector operations over all keys.
    A surge begins with a negative story, so a key is looked at when one arrives, or when asked for.
    """

    def __init__(self, settings: DetectorSettings, keys: Sequence[str]) -> None:
        self._settings = settings
        self._short = sum(window <= _SHORT for window in settings.windows)
        self._window_hours = np.maximum(np.array(settings.windows) / HOUR, 1.0)
        self._baseline = SeasonalBaseline(settings, len(keys))
        self._spread = Spread(settings, len(keys))
        self.threshold = TailThreshold(settings, keys)
        """From which surprise each key rings."""
        self.rolling = RollingCounts(settings.windows, len(keys))
        """Stories of the last day."""
        self._hour = np.zeros((SLOTS_PER_HOUR, 2, len(keys)))
        self._elevated = np.zeros(len(keys))
        self._whole = False
        self._last_gap = -1
        self._set_stories(keys)
        self._refresh(0)

    def _set_stories(self, keys: Sequence[str]) -> None:
        self._min_stories = np.array([self._settings.limits(key).min_stories for key in keys])

    def begin(self, minute: int) -> None:
        """Set the clock; call it once, before the first minute."""
        # An hour of which the beginning was missed teaches nothing.
        self._whole = minute % HOUR == 0
        self._begin_hour(minute // HOUR)

    def _begin_hour(self, hour: int) -> None:
        self.rolling.begin_hour(self._baseline.rates(hour))
        self._refresh(hour)

    def _refresh(self, hour: int) -> None:
        """Set what follows from the baseline and holds for a whole hour."""
        self.known = self._baseline.known(hour)
        self._tempo = self._baseline.tempo()
        self._warm = self.known > 0
        self._none = np.zeros((len(self._window_hours), self.known.size))
        self._none.flags.writeable = False
        self._doubt = self._baseline.doubt(hour, self._window_hours)

    def missing_days(self, column: int) -> float:
        """Days of history that a key lacks until it may ring, 0 where none."""
        return max(float(self._baseline.missing_days()[column]), 0.0)

    def score(self, minute: int, fresh: Int, watched: Bool | None = None) -> Scores:
        """The surprise of every window that ends with a minute of such stories, shape (2, keys).

        Nothing is learnt. Keys with a fresh negative story are looked at, and those that are `watched`.
        """
        sums = self.rolling.sums_with(minute, fresh)
        quiet = Scores(minute, fresh, sums, self._none, self._none[0], self._expected)
        looked_at = fresh[NEGATIVE] > 0
        if watched is not None:
            looked_at |= watched
        looked_at &= self._warm
        enough = sums[:, NEGATIVE] >= self._min_stories
        enough &= looked_at
        if not enough.any():
            return quiet
        normal = quiet.expected[:, NEGATIVE]
        enough &= sums[:, NEGATIVE] > normal + 0.5 * np.sqrt(normal)
        at = np.nonzero(enough)
        if not at[0].size:
            return quiet
        surprise = np.zeros(self._none.shape)
        surprise[at] = self._tails(at, sums, quiet.expected)
        return Scores(minute, fresh, sums, surprise, surprise.max(axis=0), self._expected)

    def hourly(self, minute: int) -> Float:
        """Normal stories an hour, over the window nearest to an hour that ends with the minute, (2, keys)."""
        lengths = self._settings.windows
        nearest = min(range(len(lengths)), key=lambda at: abs(lengths[at] - HOUR))
        return np.asarray(self._expected(minute)[nearest] * (HOUR / lengths[nearest]))

    def _expected(self, minute: int) -> Float:
        expected = self.rolling.expected(minute)
        expected[: self._short] *= self._tempo
        return expected

    def _tails(self, at: tuple[Any, ...], sums: Int | Float, expected: Float, less: int = 0) -> Float:
        """Surprise at those (window, key) places, where `less` negative stories are left out."""
        windows, columns = at
        negative = sums[:, NEGATIVE][at].astype(np.float64) - less
        total = sums[:, STORIES][at].astype(np.float64) - less
        mean = np.maximum(expected[:, NEGATIVE][at], 1e-9)
        share = np.clip(mean / np.maximum(expected[:, STORIES][at], 1e-9), *_SHARE_BOUNDS)
        doubt = self._doubt[windows, :, columns]
        # The spread is measured around rates that were as doubtful, so it holds the usual doubt already.
        count = count_surprise(negative, mean, np.maximum(self._spread.dispersion[at], doubt[:, NEGATIVE]))
        correlation = np.minimum(np.maximum(self._spread.correlation[at], doubt[:, STORIES]), 0.5)
        tone = share_surprise(negative, total, share, correlation)
        return combined_surprise(count, tone, self._settings.share_weight)

    def without_one(self, scores: Scores, column: int) -> Float:
        """Surprise of each window of a key without one of its negative stories, shape (windows,)."""
        windows = np.arange(len(self._settings.windows))
        at = (windows, np.full_like(windows, column))
        held = scores.surprise[:, column] > 0
        return np.where(held, self._tails(at, scores.sums, scores.expected, less=1), 0.0)

    def interval(self, scores: Scores, window: int, column: int) -> tuple[float, float]:
        """Between what counts the negative stories of a window lie in 95 of 100 normal weeks."""
        doubt = self._doubt[window, NEGATIVE, column]
        dispersion = max(float(self._spread.dispersion[window, column]), float(doubt))
        return count_interval(float(scores.expected[window, NEGATIVE, column]), dispersion)

    def learn(self, scores: Scores, surging: Bool, *, gap: bool = False) -> None:
        """Take that minute in; `surging` keys teach less, and a `gap` (the feed was down) nothing at all."""
        minute = scores.minute
        self.rolling.add(minute, scores.fresh, scores.sums)
        self._hour[minute % HOUR * SLOTS_PER_HOUR // HOUR] += scores.fresh
        if gap:
            self._whole, self._last_gap = False, minute
        self.threshold.watch(minute, scores.highest)
        np.maximum(self._elevated, surging, out=self._elevated)
        if (minute + 1) % self.rolling.stride:
            return
        for window, length in enumerate(self._settings.windows):
            if (minute + 1) % length == 0 and minute - length >= self._last_gap:
                self._learn_spread(window, scores.expected[window], self.known * ~surging)
        if (minute + 1) % HOUR == 0:
            self._close_hour(minute // HOUR)

    def _learn_spread(self, window: int, expected: Float, ordinary: Float) -> None:
        negative, total = self.rolling.sums[window].astype(np.float64)
        share = np.clip(expected[NEGATIVE] / np.maximum(expected[STORIES], 1e-9), *_SHARE_BOUNDS)
        self._spread.learn(window, negative, total, expected[NEGATIVE], share, ordinary)

    def _close_hour(self, hour: int) -> None:
        if self._whole:
            self.threshold.close_hour(self.known)
            self._baseline.learn(hour, self._hour, self._elevated)
        self._whole = True
        self._hour, self._elevated = np.zeros_like(self._hour), np.zeros_like(self._elevated)
        self._begin_hour(hour + 1)

    def amend(self, minute: int, last: int, counts: Int) -> Int:
        """Raise a past minute's stories to these, shape (2, keys); returns by how much."""
        more = self.rolling.amend(minute, last, counts)
        if minute // HOUR == (last + 1) // HOUR:
            self._hour[minute % HOUR * SLOTS_PER_HOUR // HOUR] += more
        return more

    @property
    def idle(self) -> bool:
        """Whether quiet minutes change nothing until the next window ends."""
        return self.rolling.empty and not self.threshold.open

    def widen(self, keys: Sequence[str], hour: int) -> None:
        """Have these keys, the first of which are those it had; new ones know nothing."""
        size = len(keys)
        for part in (self._baseline, self._spread, self.rolling):
            part.widen(size)
        self.threshold.widen(keys)
        self._hour, self._elevated = widen(self._hour, size), widen(self._elevated, size)
        self._set_stories(keys)
        self._refresh(hour)

    def state(self) -> dict[str, dict[str, Packed]]:
        """Everything it knows, for a snapshot."""
        return {
            "baseline": self._baseline.state(),
            "spread": self._spread.state(),
            "threshold": self.threshold.state(),
            "rolling": self.rolling.state(),
            "own": {
                "hour": pack(self._hour),
                "elevated": pack(self._elevated),
                "clock": pack(np.array([int(self._whole), self._last_gap])),
            },
        }

    def load(self, state: dict[str, dict[str, Packed]], hour: int) -> None:
        """Take what `state` gave; `hour` is the one that the next minute lies in."""
        self._baseline.load(state["baseline"])
        self._spread.load(state["spread"])
        self.threshold.load(state["threshold"])
        self.rolling.load(state["rolling"])
        self._hour, self._elevated = unpack(state["own"]["hour"]), unpack(state["own"]["elevated"])
        whole, self._last_gap = unpack(state["own"]["clock"]).tolist()
        self._whole = bool(whole)
        self._refresh(hour)
