"""How often sources are normally heard, and how surprising a silence is: all sources of a run at once.

A source's documents are taken as a Poisson process whose rate depends on the hour of day, weekdays and
weekends apart. The rate is learnt as a gamma posterior over exponentially forgotten counts: shape
`k = documents + 1/2` over the hours seen. Its doubt, `1 / k`, and the over-dispersion `d` of the source's own
hourly counts add up to the squared coefficient of variation `v`. When `m` documents were to be expected since
the last one, the probability of none is that of a negative binomial, `(1 + v m) ** (-1 / v)` [1, 2]; the
surprise is its -log10.

1. A. Gelman et al., *Bayesian Data Analysis*, ch. 2 (gamma-Poisson model).
2. C. P. Farrington et al., JRSS A 159 (1996): negative binomial tails for counts with estimated rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

Floats = NDArray[np.float64]

BINS = 48
"""Hours of a weekday, then hours of a day of the weekend."""
MOST_SOURCES = 256
_HALF_LIFE_DAYS = 28.0
_DECAY = (0.5 ** (1 / (_HALF_LIFE_DAYS * 5 / 7)), 0.5 ** (1 / (_HALF_LIFE_DAYS * 2 / 7)))
"""Of a weekday's and of a weekend day's hour, from one occurrence to the next."""
_SPREAD_DECAY = 0.5 ** (1 / (_HALF_LIFE_DAYS * 24))
_PRIOR_SPREAD, _PRIOR_WEIGHT = 0.3, 20.0
"""Over-dispersion before there is history, and how many expected squares it is worth."""
_LEAST_SPREAD, _MOST_SPREAD = 0.02, 4.0
_LEARNT_HOURS = 2.0
"""Occurrences of an hour of day after which a silence in it can be told."""
_FORGOTTEN_DAYS = 30


class State(Struct):
    """Everything that a model remembers."""

    names: list[str]
    arrays: dict[str, bytes]
    minute: int | None
    hour_minutes: int


class Cadence:
    """Learns each source's cadence minute by minute, and tells how surprising its silence is.

    Time is the minute since 1970 that the caller hands in; minutes come in order, quiet ones too. Memory is
    at most `MOST_SOURCES` rows: a source that was not heard for 30 days makes room for a new one.
    """

    _ARRAYS = ("documents", "hours", "hour_count", "squares", "expected_squares", "due", "doubt", "heard")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.minute: int | None = None
        """The last minute that was learnt."""
        self._index: dict[str, int] = {}
        self._hour_minutes = 0
        self.documents: Floats = np.zeros((0, BINS))
        self.hours: Floats = np.zeros((0, BINS))
        self.hour_count: Floats = np.zeros(0)
        self.squares: Floats = np.zeros(0)
        self.expected_squares: Floats = np.zeros(0)
        self.due: Floats = np.zeros(0)
        """Documents that were to be expected since the last one, by source."""
        self.doubt: Floats = np.zeros(0)
        """The same weighted by the squared coefficient of variation."""
        self.heard: Floats = np.zeros(0)
        """Minute of the last document."""
        self._rate: Floats = np.zeros(0)
        self._variation: Floats = np.zeros(0)
        self._known: NDArray[np.bool_] = np.zeros(0, bool)

    def score_one(self) -> Floats:
        """-log10 of the chance of each source's silence, in the order of `names`; 0 where just heard."""
        with np.errstate(divide="ignore", invalid="ignore"):
            variation = np.where(self.due > 0, self.doubt / self.due, 1.0)
        variation = np.maximum(variation, _LEAST_SPREAD)
        surprise: Floats = np.log10(1 + variation * self.due) / variation
        return surprise

    def learn_one(
        self, minute: int, counts: Mapping[str, int], silent: NDArray[np.bool_] | None = None
    ) -> None:
        """Take in one minute: documents by source.

        `silent` marks sources, in the order of `names`, whose hour is to teach nothing: a feed that is down
        is not one that is quiet.
        """
        if self.minute is not None and minute > self.minute + 1:
            # Nobody listened in between.
            self.excuse(minute - 1)
        if self.minute is None or minute // 60 != self.minute // 60:
            if self.minute is not None:
                self._end_hour(self.minute, silent)
            self._begin_hour(minute)
        self.minute = minute
        self._hour_minutes += 1
        self.due += self._rate / 60
        self.doubt += self._rate * self._variation / 60
        for name, count in counts.items():
            place = self._index.get(name)
            if place is None:
                place = self._admit(name, minute)
                if place is None:
                    continue
            self.hour_count[place] += count
            self.due[place] = self.doubt[place] = 0.0
            self.heard[place] = minute

    def excuse(self, minute: int) -> None:
        """Let nothing be due of any source up to `minute`."""
        self.due[:], self.doubt[:] = 0.0, 0.0
        self.heard = np.maximum(self.heard, float(minute))

    def last_heard(self, name: str) -> int:
        """Minute of a known source's last document."""
        return int(self.heard[self._index[name]])

    def forget(self, name: str) -> None:
        """Expect nothing of a source until it has been learnt anew."""
        place = self._index[name]
        for array in self._ARRAYS:
            if array != "heard":
                getattr(self, array)[place] = 0.0
        self._rate[place] = 0.0

    def most_due(self) -> float:
        """Documents that were to be expected of the source that lacks most."""
        return float(self.due.max()) if self.due.size else 0.0

    def rates(self) -> Floats:
        """Documents an hour that are normal now, in the order of `names`."""
        return self._rate

    def _begin_hour(self, minute: int) -> None:
        at = _bin(minute)
        seen = self.hours[:, at]
        shape = self.documents[:, at] + 0.5
        self._known = seen >= _LEARNT_HOURS
        with np.errstate(divide="ignore", invalid="ignore"):
            self._rate = np.where(self._known, shape / seen, 0.0)
        spread = (self.squares + _PRIOR_SPREAD * _PRIOR_WEIGHT) / (self.expected_squares + _PRIOR_WEIGHT)
        self._variation = 1 / shape + np.clip(spread, _LEAST_SPREAD, _MOST_SPREAD)

    def _end_hour(self, minute: int, silent: NDArray[np.bool_] | None) -> None:
        at, part = _bin(minute), self._hour_minutes / 60
        learns = np.ones(len(self.names), bool)
        if silent is not None:
            learns[: silent.size] = ~silent
        count = self.hour_count
        expected = self._rate * part
        judged = learns & self._known & (expected > 0)
        self.squares *= _SPREAD_DECAY
        self.expected_squares *= _SPREAD_DECAY
        # One wild hour teaches no more than a few standard deviations.
        off = np.minimum((count - expected) ** 2 - expected, 25 * (expected + expected**2))
        self.squares[judged] += off[judged]
        self.expected_squares[judged] += expected[judged] ** 2
        decay = _DECAY[at >= BINS // 2]
        self.documents[learns, at] = self.documents[learns, at] * decay + count[learns]
        self.hours[learns, at] = self.hours[learns, at] * decay + part
        self.hour_count = np.zeros(len(self.names))
        self._hour_minutes = 0

    def _admit(self, name: str, minute: int) -> int | None:
        if len(self.names) < MOST_SOURCES:
            place = len(self.names)
            self.names.append(name)
            for array in self._ARRAYS:
                value = getattr(self, array)
                setattr(self, array, np.concatenate([value, np.zeros((1, *value.shape[1:]))]))
            self._rate, self._variation = np.append(self._rate, 0.0), np.append(self._variation, 1.0)
            self._known = np.append(self._known, False)
        else:
            place = int(np.argmin(self.heard))
            if minute - self.heard[place] < _FORGOTTEN_DAYS * 1440:
                return None
            del self._index[self.names[place]]
            self.names[place] = name
            for array in self._ARRAYS:
                getattr(self, array)[place] = 0.0
            self._rate[place], self._variation[place], self._known[place] = 0.0, 1.0, False
        self._index[name] = place
        return place

    def state(self) -> State:
        """Everything, so that `restore` goes on as if nothing had happened."""
        arrays = {name: getattr(self, name).tobytes() for name in (*self._ARRAYS, "_rate", "_variation")}
        arrays["_known"] = self._known.tobytes()
        return State(names=self.names, arrays=arrays, minute=self.minute, hour_minutes=self._hour_minutes)

    @classmethod
    def restore(cls, state: State) -> Cadence:
        """Make the model that the state was taken of; ValueError where it cannot be."""
        model = cls()
        count = len(state.names)
        model.names = list(state.names)
        model._index = {name: place for place, name in enumerate(model.names)}
        model.minute, model._hour_minutes = state.minute, state.hour_minutes
        try:
            for name, content in state.arrays.items():
                kind: Any = bool if name == "_known" else np.float64
                shape = (count, BINS) if name in ("documents", "hours") else (count,)
                setattr(model, name, np.frombuffer(content, kind).reshape(shape).copy())
        except (ValueError, AttributeError) as error:
            raise ValueError(f"the state of the feeds' cadence cannot be read: {error}") from error
        return model


def _bin(minute: int) -> int:
    """Hour of day, 24 more at the weekend; 1970-01-01 was a Thursday."""
    day, hour = divmod(minute // 60, 24)
    return int(hour) + (24 if (day + 3) % 7 >= 5 else 0)


def encode(state: State) -> bytes:
    """The state as bytes."""
    return msgspec.msgpack.encode(state)


def decode(data: bytes) -> State:
    """The state that `encode` wrote; ValueError where it is none."""
    return msgspec.msgpack.decode(data, type=State)
