"""What a detector would find, and how often it would ring for nothing: trials on history, by its own code."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from alerts.events import AlertEvent, Count, Observation
from alerts.keys import OVERALL
from alerts.monitor import SurgeMonitor
from alerts.settings import DetectorSettings

_PEAK_START = 1.0
"""Surprise from which a peak of the history is kept."""


@dataclass(frozen=True)
class Surge:
    """Extra negative stories, put into a history: so many times the normal rate for so many minutes."""

    factor: float
    minutes: int


@dataclass(frozen=True)
class Outcome:
    """What became of one surge of one key."""

    key: str
    start: int
    surge: Surge
    rate: float
    """Negative stories an hour that were normal then."""
    extra: int
    """Stories that were put in."""
    surprise: tuple[float, ...]
    """Surprise at the end of each minute of the surge."""
    rang: int | None
    """Minutes until an alert of the key, or of everything, fired; None where none did while it lasted."""

    def delay(self, threshold: float) -> int | None:
        """Minutes until the surprise reached that level; None where it did not."""
        return next((at + 1 for at, value in enumerate(self.surprise) if value >= threshold), None)


@dataclass
class Past:
    """One pass over a history: what rang, and every peak of the surprise, whatever the threshold."""

    minutes: int = 0
    """Minutes in which the keys were watched, those of learning left out."""
    alerts: list[AlertEvent] = field(default_factory=list)
    """First events of alerts."""
    peaks: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Minute and height of each peak above 1, by key; closer than the quiet time they are one."""
    thresholds: dict[str, float] = field(default_factory=dict)
    """From which surprise each key rings at the end."""

    @property
    def weeks(self) -> float:
        """Weeks in which the keys were watched."""
        return self.minutes / (7 * 1440)

    def false_per_week(self, key: str, threshold: float, excluded: Callable[[int], bool]) -> float:
        """Peaks a week of that key that reach the level, outside of excluded minutes."""
        reached = sum(height >= threshold and not excluded(at) for at, height in self.peaks.get(key, ()))
        return reached / self.weeks if self.weeks else 0.0


def extra_stories(surge: Surge, rate: float) -> int:
    """How many stories make that surge of a key with so many an hour, at least one."""
    return max(round((surge.factor - 1.0) * rate * surge.minutes / 60.0), 1)


def run_trials(
    settings: DetectorSettings,
    keys: Sequence[str],
    observations: Iterable[Observation],
    surges: Sequence[Surge],
    starts: Mapping[int, Sequence[str]],
    *,
    seed: int = 1,
) -> tuple[Past, list[Outcome]]:
    """Pass over a history once; at each start put every surge into each of its keys, one at a time.

    `starts` holds keys by minute. A trial goes on from a snapshot through the history's own minutes, with
    the extra stories at random minutes of the surge; keys that are firing or learning then are left out.
    """
    monitor = SurgeMonitor(settings, "trials", keys)
    random = np.random.default_rng(seed)
    past, outcomes = Past(), []
    every = list(observations)
    open_peaks: dict[str, tuple[int, float, int]] = {}
    due = sorted(starts)
    for position, observation in enumerate(every):
        while due and due[0] <= observation.minute:
            start = due.pop(0)
            monitor.observe(Observation(minute=start - 1))
            upcoming = every[position : position + 2 * max(surge.minutes for surge in surges) + 2]
            outcomes += _try(monitor, settings, upcoming, start, starts[start], surges, random)
        before = monitor.next_minute
        past.alerts += [event for event in monitor.observe(observation) if event.reason == "fired"]
        scores = monitor.scores
        if scores is None or before is None:
            continue
        if not monitor.learning_all:
            past.minutes += observation.minute + 1 - before
        for key, column in zip(monitor.keys, scores.highest.tolist(), strict=True):
            if column >= _PEAK_START:
                _follow(past, open_peaks, key, observation.minute, column, settings.quiet_minutes)
    for key, (at, height, _) in open_peaks.items():
        past.peaks.setdefault(key, []).append((at, height))
    past.thresholds = {key: threshold for key, (threshold, _, _) in monitor.thresholds.items()}
    return past, outcomes


def _follow(
    past: Past, peaks: dict[str, tuple[int, float, int]], key: str, minute: int, value: float, quiet: int
) -> None:
    at, height, last = peaks.get(key, (minute, 0.0, minute))
    if minute - last >= quiet:
        past.peaks.setdefault(key, []).append((at, height))
        at, height = minute, 0.0
    peaks[key] = (minute if value > height else at, max(height, value), minute)


def _try(
    monitor: SurgeMonitor,
    settings: DetectorSettings,
    upcoming: Sequence[Observation],
    start: int,
    keys: Sequence[str],
    surges: Sequence[Surge],
    random: np.random.Generator,
) -> list[Outcome]:
    snapshot = monitor.snapshot()
    outcomes = []
    by_minute = {each.minute: each for each in upcoming}
    firing, learning = monitor.firing, monitor.learning
    for key in keys:
        if key in firing or OVERALL in firing or key in learning:
            continue
        rate = monitor.normal_rate(key)
        for surge in surges:
            extra = extra_stories(surge, rate)
            fresh = np.bincount(random.integers(0, surge.minutes, extra), minlength=surge.minutes)
            trial = SurgeMonitor(settings, "trials", ())
            trial.restore(snapshot)
            column = trial.keys.index(key)
            surprise: list[float] = []
            rang: int | None = None
            for offset in range(surge.minutes):
                seen = by_minute.get(start + offset, Observation(minute=start + offset))
                events = trial.observe(with_stories(seen, key, int(fresh[offset])))
                if rang is None and any(e.reason == "fired" and e.key in (key, OVERALL) for e in events):
                    rang = offset + 1
                assert trial.scores is not None
                surprise.append(float(trial.scores.highest[column]))
            outcomes.append(Outcome(key, start, surge, rate, extra, tuple(surprise), rang))
    return outcomes


def with_stories(observation: Observation, key: str, extra: int) -> Observation:
    """The minute with more negative stories of a key, which are stories of everything as well."""
    if not extra:
        return observation
    counts = {count.key: count for count in observation.counts}
    for each in dict.fromkeys((OVERALL, key)):
        old = counts.get(each, Count(key=each, stories=0, negative=0))
        counts[each] = Count(
            key=each,
            stories=old.stories + extra,
            negative=old.negative + extra,
            evidence=old.evidence,
            documents=old.documents + extra if old.documents else 0,
            capped=old.capped,
        )
    return Observation(minute=observation.minute, counts=tuple(counts.values()), gap=observation.gap)


@dataclass(frozen=True)
class Limit:
    """What a detector could find that knows the true rate and need not learn it."""

    threshold: float
    found: float
    delay: float | None


def oracle(
    rate: float,
    surge: Surge,
    per_week: float,
    windows: Sequence[int],
    *,
    least: int = 1,
    weeks: int = 30,
    trials: int = 300,
    seed: int = 1,
) -> Limit:
    """Power of the scan over `windows` of Poisson counts of known rate, at so many false alarms a week.

    Simulated: the threshold on the surprise is that which independent stories exceed `per_week` times a week
    (peaks within an hour are one); then surges are put in. No detector that must learn the rate, on news that
    comes in bursts, can do better.
    """
    random = np.random.default_rng(seed)
    windows = [window for window in windows if window <= max(surge.minutes, min(windows))]
    tables = [_poisson_surprise(rate * window / 60.0, least) for window in windows]

    def surprise(
        counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    ) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        total = np.concatenate(
            (np.zeros((counts.shape[0], 1), dtype=np.int64), counts.cumsum(axis=1)), axis=1
        )
        best = np.zeros(counts.shape)
        for window, table in zip(windows, tables, strict=True):
            ends = np.arange(1, counts.shape[1] + 1)
            held = total[:, ends] - total[:, np.maximum(ends - window, 0)]
            best = np.maximum(best, table[np.minimum(held, table.size - 1)])
        return best

    calm = surprise(random.poisson(rate / 60.0, (1, weeks * 10_080)))[0]
    hourly = np.sort(calm.reshape(-1, 60).max(axis=1))[::-1]
    threshold = float(hourly[min(round(per_week * weeks), hourly.size - 1)]) + 1e-9
    before = max(windows)
    counts = random.poisson(rate / 60.0, (trials, before + surge.minutes))
    for row in counts:
        at = before + random.integers(0, surge.minutes, extra_stories(surge, rate))
        np.add.at(row, at, 1)
    reached = surprise(counts)[:, before:] >= threshold
    found = reached.any(axis=1)
    delays = reached.argmax(axis=1)[found] + 1
    return Limit(threshold, float(found.mean()), float(np.median(delays)) if found.any() else None)


def _poisson_surprise(mean: float, least: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """-log10 P(Y >= k) for k = 0, 1, …, and 0 for counts below `least`."""
    most = int(mean + 20.0 * math.sqrt(mean) + 60.0)
    k = np.arange(most + 1)
    log_pmf = k * math.log(max(mean, 1e-12)) - mean - np.array([math.lgamma(each + 1.0) for each in k])
    tail = np.cumsum(np.exp(log_pmf)[::-1])[::-1]
    surprise = -np.log10(np.clip(tail, 1e-300, 1.0))
    surprise[:least] = 0.0
    return np.asarray(surprise)
