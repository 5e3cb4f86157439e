"""What is normal for a key at this hour: a slowly forgetting seasonal profile times a level that follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from alerts.arrays import Float, Packed, pack, unpack, widen
from alerts.settings import DetectorSettings

NEGATIVE, STORIES = 0, 1
"""Rows of every two-row array of counts: negative stories, stories of any tone."""

SLOTS_PER_HOUR = 6
HOURS_PER_DAY = 24
HOURS_PER_WEEK = 168
_HOUR_OF_DAY, _DAY_TYPE, _HOUR_OF_WEEK, _CELLS = 1, 25, 73, 241
"""First cells of the three finer groups; cell 0 is every hour."""
_SHAPES = (0.5, 1.5, 1.5, 16.0)
"""How alike rates are before any is seen, as shapes of gamma distributions around the coarser group's rate:
all hours around the prior; hours of the day and weekday or weekend, which differ much; days, which don't."""
_PRIOR_RATE = np.array([[0.2], [1.0]])
"""Stories an hour before anything has been seen."""
_LEVEL_PRIOR = 8.0
"""Stories at the usual level that the level is mixed with, so that sparse keys keep level 1."""
_LEVEL_BOUNDS = (0.7, 4.0)
"""A holiday must not halve what the next day is measured against; a crisis may raise it fourfold."""
_TEMPO_PRIOR = 8.0
"""Stories at the usual tempo that the tempo is mixed with."""
_TEMPO_BOUNDS = (0.6, 3.0)
_SLOT_PRIOR = 40.0
"""Stories spread evenly over the hour that its course is mixed with."""
_SPREAD = 0.1
_CAP, _CAP_ELEVATED = 3.0, 1.0
"""Standard deviations above normal that an hour may teach at most: ordinarily, and while a surge lasts."""


def _cells(hour: int) -> tuple[int, int, int, int]:
    """Cells of an hour since 1970, coarse to fine; weeks begin on Monday, UTC."""
    week_hour = (hour + 3 * HOURS_PER_DAY) % HOURS_PER_WEEK
    day, day_hour = divmod(week_hour, HOURS_PER_DAY)
    day_type = HOURS_PER_DAY if day >= 5 else 0
    return 0, _HOUR_OF_DAY + day_hour, _DAY_TYPE + day_type + day_hour, _HOUR_OF_WEEK + week_hour


class SeasonalBaseline:
    """Expected stories an hour, per key and hour of week, learnt one finished hour at a time.

    Each cell keeps an exponentially forgetting count and its exposure in hours. A rate is the gamma-Poisson
    posterior mean with the coarser group's rate as its prior, from all hours down to the hour of week
    (shrinkage as in Gelman et al., Bayesian Data Analysis, ch. 2 and 5). News comes in bursts on the hour and
    half hour, so each hour of a weekday (or weekend) also has a course over its ten-minute slots. Arrays have
    a column a key.
    """

    def __init__(self, settings: DetectorSettings, keys: int) -> None:
        self._settings = settings
        # 32 bits keep seven digits of what is known to two, in half the memory.
        self._count = np.zeros((_CELLS, 2, keys), dtype=np.float32)
        self._exposure = np.zeros((_CELLS, keys), dtype=np.float32)
        self._course = np.zeros((2 * HOURS_PER_DAY, SLOTS_PER_HOUR, 2, keys), dtype=np.float32)
        self._level = np.zeros((2, 2, keys))
        self._tempo = np.zeros((2, 2, keys))
        self._last = np.zeros((2, 2, keys))
        self._hours = np.zeros(keys)
        profile, level = settings.profile_half_life_days, settings.level_half_life_days
        gaps = (1 / HOURS_PER_DAY, 1.0, 7 / 5, 7.0)
        self._forget = tuple(0.5 ** (gap / profile) for gap in gaps)
        self._forget_level = 0.5 ** (1 / HOURS_PER_DAY / level)
        self._forget_tempo = 0.5 ** (1 / settings.tempo_half_life_hours)

    def seasonal(self, hour: int) -> Float:
        """Stories expected in that hour (since 1970) at the usual level, shape (2, keys)."""
        return self._posterior(hour)[0]

    def level(self) -> Float:
        """How busy the last days were against the profile, shape (2, keys); 1 is usual."""
        ratio = (self._level[0] + _LEVEL_PRIOR) / (self._level[1] + _LEVEL_PRIOR)
        return np.asarray(np.clip(ratio, *_LEVEL_BOUNDS))

    def tempo(self) -> Float:
        """How busy the last hours were against `rates`, the newest one left out, shape (2, keys).

        Days with much news stay so for hours, which is no surge: windows of up to three hours are measured
        against it, and longer ones are not, so that a slow surge cannot hide behind itself.
        """
        ratio = (self._tempo[0] + _TEMPO_PRIOR) / (self._tempo[1] + _TEMPO_PRIOR)
        return np.asarray(np.clip(ratio, *_TEMPO_BOUNDS))

    def course(self, hour: int) -> Float:
        """Rate of each slot of that hour over the hour's, shape (slots, 2, keys); their mean is 1."""
        slots = self._course[_cells(hour)[2] - _DAY_TYPE]
        part = (slots + _SLOT_PRIOR / SLOTS_PER_HOUR) / (slots.sum(axis=0) + _SLOT_PRIOR)
        return np.asarray(part * SLOTS_PER_HOUR)

    def rates(self, hour: int) -> Float:
        """Stories an hour expected in each slot of that hour, shape (slots, 2, keys)."""
        return np.asarray(self.seasonal(hour) * self.level() * self.course(hour))

    def doubt(self, hour: int, hours: Float) -> Float:
        """How little the rates of windows of so many hours are known, shape (windows, 2, keys).

        Squared coefficients of variation. What hours borrow from the mean of all is shared and stays; errors
        of their own are nearly independent and average out over a longer window.
        """
        _, doubt, shared = self._posterior(hour)
        return np.asarray(shared + (doubt - shared) / hours[:, None, None])

    def _posterior(self, hour: int) -> tuple[Float, Float, Float]:
        """Mean, squared coefficient of variation, and its part from the mean of all hours, each (2, keys)."""
        mean: Float = np.broadcast_to(_PRIOR_RATE, self._level[0].shape)
        doubt = shared = np.ones_like(mean)
        for cell, shape in zip(_cells(hour), _SHAPES, strict=True):
            hours = shape / mean
            borrowed = hours / (self._exposure[cell] + hours)
            own = 1.0 / (self._count[cell] + shape)
            doubt = own + borrowed * borrowed * doubt
            shared = doubt if cell == 0 else borrowed * borrowed * shared
            mean = (self._count[cell] + shape) / (self._exposure[cell] + hours)
        return mean, doubt, shared

    def known(self, hour: int) -> Float:
        """1 for keys that learnt long enough, and this hour of a weekday (or weekend) before; else 0."""
        return np.asarray((self.missing_days() <= 0) & (self._exposure[_cells(hour)[2]] > 0.4), np.float64)

    def missing_days(self) -> Float:
        """Days of history that each key still lacks until it may ring, 0 or below where none, (keys,)."""
        return np.asarray(self._settings.warmup_days - self._hours / HOURS_PER_DAY)

    def learn(self, hour: int, counts: Float, elevated: Float) -> None:
        """Take one finished hour's stories, shape (slots, 2, keys); `elevated` is 1 for keys in a surge.

        What exceeds the rate by several standard deviations is cut off, and sooner during a surge: a spike
        has bounded influence, yet a lasting change is learnt in the end.
        """
        known = self.known(hour)
        seasonal, doubt, _ = self._posterior(hour)
        expected = seasonal * self.level()
        reach = np.where(elevated > 0, _CAP_ELEVATED, _CAP)
        cap = expected + reach * np.sqrt(expected + (_SPREAD + doubt) * expected * expected) + 1.0
        total = counts.sum(axis=0)
        # On the first day the cap would follow from the prior alone, and call every busy hour a spike.
        taught = np.where(self._hours < HOURS_PER_DAY, total, np.minimum(total, cap))
        for cell, keep in zip(_cells(hour), self._forget, strict=True):
            self._count[cell] = self._count[cell] * keep + taught
            self._exposure[cell] = self._exposure[cell] * keep + 1.0
        slots = self._course[_cells(hour)[2] - _DAY_TYPE]
        slots *= self._forget[2]
        slots += counts * (taught / np.maximum(total, 1.0))
        self._tempo = self._tempo * self._forget_tempo + self._last
        self._last = np.where(known > 0, np.stack((taught, expected)), 0.0)
        self._level[0] = np.where(known > 0, self._level[0] * self._forget_level + taught, self._level[0])
        self._level[1] = np.where(known > 0, self._level[1] * self._forget_level + seasonal, self._level[1])
        self._hours += 1.0

    def widen(self, keys: int) -> None:
        """Add keys; they start from nothing."""
        self._count, self._exposure = widen(self._count, keys), widen(self._exposure, keys)
        self._course, self._level = widen(self._course, keys), widen(self._level, keys)
        self._tempo, self._last = widen(self._tempo, keys), widen(self._last, keys)
        self._hours = widen(self._hours, keys)

    def state(self) -> dict[str, Packed]:
        """Everything it knows, for a snapshot."""
        names = ("count", "exposure", "course", "level", "tempo", "last", "hours")
        return {name: pack(getattr(self, f"_{name}")) for name in names}

    def load(self, state: dict[str, Any]) -> None:
        """Take what `state` gave."""
        for name, packed in state.items():
            setattr(self, f"_{name}", unpack(packed))
