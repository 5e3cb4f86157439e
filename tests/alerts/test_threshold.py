from __future__ import annotations

import numpy as np
import pytest

from alerts.settings import DetectorSettings
from alerts.threshold import TailThreshold

KNOWN = np.ones(1)


def peaks_at(threshold: TailThreshold, weeks: int, per_day: int, scale: float, seed: int = 3) -> list[float]:
    """Feed short peaks of exponential height over 1, so many a day, evenly spaced; their heights."""
    random = np.random.default_rng(seed)
    heights = []
    for minute in range(weeks * 7 * 1440):
        surprise = np.zeros(1)
        if minute % (1440 // per_day) == 0:
            surprise[0] = round(1.0 + float(random.exponential(scale)), 3)
            heights.append(float(surprise[0]))
        threshold.watch(minute, surprise)
        if minute % 60 == 59:
            threshold.close_hour(KNOWN)
    return heights


@pytest.mark.parametrize("scale", [0.45, 0.8])
@pytest.mark.parametrize("budget", [0.2, 1.0])
def test_meets_the_budget_on_exponential_peaks(scale: float, budget: float) -> None:
    settings = DetectorSettings(budget_per_week=budget, min_surprise=0.5, tail_half_life_days=3650)
    threshold = TailThreshold(settings, 1)
    peaks_at(threshold, weeks=12, per_day=3, scale=scale)
    rate = 21 * np.exp(-(float(threshold.value[0]) - 1.0) / scale)
    assert 0.3 * budget < rate < 3 * budget


def test_a_smaller_budget_raises_the_threshold() -> None:
    values = []
    for budget in (2.0, 0.5, 0.05):
        threshold = TailThreshold(DetectorSettings(budget_per_week=budget, min_surprise=0.5), 1)
        peaks_at(threshold, weeks=2, per_day=2, scale=0.5)
        values.append(float(threshold.value[0]))
    assert values == sorted(values)
    assert len(set(values)) == 3


def test_never_below_the_floor() -> None:
    threshold = TailThreshold(DetectorSettings(budget_per_week=50, min_surprise=2.5), 1)
    for hour in range(2000):
        threshold.watch(hour * 60, np.zeros(1))
        threshold.close_hour(KNOWN)
    assert threshold.value[0] == 2.5


def test_one_enormous_surge_hardly_moves_it() -> None:
    settings = DetectorSettings(min_surprise=0.5)
    surged, calm = TailThreshold(settings, 1), TailThreshold(settings, 1)
    for threshold in (surged, calm):
        peaks_at(threshold, weeks=2, per_day=3, scale=0.5)
    end = 2 * 7 * 1440
    surged.watch(end, np.array([80.0]))
    for threshold in (surged, calm):
        for minute in range(end + 1, end + 120):
            threshold.watch(minute, np.zeros(1))
        threshold.close_hour(KNOWN)
    assert surged.value[0] - calm.value[0] < 0.5


def test_peaks_within_the_quiet_time_are_one() -> None:
    settings = DetectorSettings(min_surprise=0.5, quiet_minutes=60)
    near, far = TailThreshold(settings, 1), TailThreshold(settings, 1)
    for threshold, gap in ((near, 30), (far, 90)):
        for minute in range(0, 4 * 1440):
            burst = minute % 1440 in (0, gap)
            threshold.watch(minute, np.array([2.0 if burst else 0.0]))
            if minute % 60 == 59:
                threshold.close_hour(KNOWN)
    assert far.value[0] > near.value[0]
