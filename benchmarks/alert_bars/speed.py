"""Speed of the detector for 10,000 keys at once, and what one key's state takes."""

from __future__ import annotations

import time
import zlib
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console

from alerts import Count, DetectorSettings, Evidence, Observation, SurgeMonitor
from alerts.panel import SurprisePanel
from benchmarks.alert_bars.bar import Bar, at_least, at_most
from pipeline.settings import Settings
from tests.alerts.streams import MONDAY, poisson

_KEYS = 10_000
_WARM_MINUTES, _MINUTES = 60, 180


def measure(data: Path, settings: Settings, trials: int, progress: Console) -> list[Bar]:
    """Bucket updates a second, in one thread, and bytes a key."""
    return [*_speed(), *_size()]


def _speed() -> list[Bar]:
    random = np.random.default_rng(1)
    settings = DetectorSettings(warmup_days=0.5)
    panel = SurprisePanel(settings, [str(number) for number in range(_KEYS)])
    rates = random.lognormal(0.0, 1.0, _KEYS) / 60.0
    minutes = [random.poisson(np.stack((rates, 4 * rates))) for _ in range(60)]
    for counts in minutes:
        counts[1] += counts[0]
    panel.begin(MONDAY)
    none = np.zeros(_KEYS, dtype=bool)
    # Two days an hour at a time, so that baselines are warm and windows are full, as after a long run.
    for hour in range(49):
        for minute in range(0, 60, 12):
            panel.learn(panel.score(MONDAY + 60 * hour + minute, minutes[(hour + minute) % 60]), none)
        for minute in (59,):
            panel.learn(panel.score(MONDAY + 60 * hour + minute, minutes[hour % 60]), none)
    begin = MONDAY + 49 * 60
    taken = []
    for offset in range(_WARM_MINUTES + _MINUTES):
        fresh = minutes[offset % 60]
        begun = time.thread_time()
        scores = panel.score(begin + offset, fresh)
        panel.learn(scores, scores.highest >= panel.threshold.value)
        taken.append(time.thread_time() - begun)
    seconds = sum(taken[_WARM_MINUTES:])
    return [
        at_least(
            f"bucket updates a second, {_KEYS:,} keys batched, one thread",
            _KEYS * _MINUTES / seconds,
            1_000_000,
            f"{1000 * seconds / _MINUTES:.1f} ms a minute of all keys, hourly fits included",
            ",.0f",
        )
    ]


def _size() -> list[Bar]:
    keys = ("overall", "markets")
    monitor = SurgeMonitor(DetectorSettings(), "bench", keys)
    for observation in poisson(5, 30, 60, keys=keys):
        monitor.observe(_told(observation))
    state = zlib.decompress(monitor.snapshot())
    each = len(state) / len(keys)
    packed = len(monitor.snapshot()) / len(keys)
    return [
        at_most("state a key, bytes", each, 20_000, f"{packed:,.0f} compressed, evidence included", ",.0f")
    ]


def _told(observation: Observation) -> Observation:
    """The minute with headlines of the usual length."""
    return Observation(
        minute=observation.minute,
        counts=tuple(
            Count(
                key=count.key,
                stories=count.stories,
                negative=count.negative,
                evidence=tuple(_long(story, observation.minute) for story in count.evidence),
            )
            for count in observation.counts
        ),
    )


def _long(story: Evidence, minute: int) -> Evidence:
    score = -((minute - MONDAY) * 7919 % 1000) / 1000
    title = f"{story.title} {'as long as headlines are ' * 3}"
    return msgspec.structs.replace(story, title=title, score=score, url="https://e.example/" + "x" * 60)
