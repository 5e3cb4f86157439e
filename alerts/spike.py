"""The detector of a single key, with the two verbs of online learning, for whoever needs no alerts."""

from __future__ import annotations

from typing import Self

import msgspec
import numpy as np

from alerts.arrays import Packed
from alerts.panel import HOUR, Scores, SurprisePanel
from alerts.settings import DetectorSettings


class SpikeDetector:
    """Surprise of one key's negative stories, minute by minute: `score_one` asks, `learn_one` goes on.

    The same numbers as `SurgeMonitor` has for the key up to its first alarm, during which a monitor learns
    less; state is constant and serialisable.

    >>> from alerts import DetectorSettings
    >>> detector = SpikeDetector(DetectorSettings(warmup_days=1))
    >>> for minute in range(3 * 1440):
    ...     _ = detector.learn_one(minute, negative=minute % 20 == 0, stories=1)
    >>> detector.score_one(3 * 1440, negative=1, stories=2)
    0.0
    >>> detector.score_one(3 * 1440, negative=30, stories=30) > detector.threshold
    True
    """

    def __init__(self, settings: DetectorSettings | None = None, key: str = "overall") -> None:
        self._settings = settings or DetectorSettings()
        self._key = key
        self._panel = SurprisePanel(self._settings, (key,))
        self._next: int | None = None

    @property
    def threshold(self) -> float:
        """Surprise from which the key rings, by its budget."""
        return float(self._panel.threshold.value[0])

    @property
    def learning(self) -> bool:
        """Whether it cannot tell yet what is normal at this hour; then every score is 0."""
        return not self._panel.known[0]

    def score_one(self, minute: int, negative: int, stories: int) -> float:
        """Surprise if that minute (since 1970) has so many stories, the greatest over the windows.

        The minute is the next one, or one after it; minutes between were quiet. Nothing is learnt.
        """
        self._advance(minute)
        return float(self._score(minute, negative, stories).highest[0])

    def learn_one(self, minute: int, negative: int, stories: int, *, gap: bool = False) -> Self:
        """Take that minute in; `gap` says that the feed was down, so that nothing is learnt from it."""
        self._advance(minute)
        scores = self._score(minute, negative, stories)
        self._panel.learn(scores, scores.highest >= self._panel.threshold.value, gap=gap)
        self._next = minute + 1
        return self

    def _score(self, minute: int, negative: int, stories: int) -> Scores:
        fresh = np.array([[int(negative)], [int(stories)]])
        return self._panel.score(minute, fresh)

    def _advance(self, minute: int) -> None:
        if self._next is None:
            self._panel.begin(minute)
            self._next = minute
        if minute < self._next:
            raise ValueError(f"minute {minute} has been seen; the next is {self._next}")
        none = np.zeros((2, 1), dtype=np.int64)
        for quiet in range(self._next, minute):
            self._panel.learn(self._panel.score(quiet, none), np.zeros(1, dtype=bool))
        self._next = minute

    def state(self) -> bytes:
        """All its state, for `load`; about 16 kB."""
        return msgspec.msgpack.encode((self._next, self._panel.state()))

    def load(self, state: bytes) -> Self:
        """Become the detector that `state` was taken of, of the same settings."""
        kind = tuple[int | None, dict[str, dict[str, Packed]]]
        self._next, held = msgspec.msgpack.decode(state, type=kind)
        self._panel.load(held, (self._next or 0) // HOUR)
        return self
