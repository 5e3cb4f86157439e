from __future__ import annotations

import numpy as np
import pytest

from alerts.settings import DetectorSettings, TopicOverride
from alerts.threshold import TailThreshold, gpd_level

KNOWN = np.ones(1)
KEY = ("overall",)


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
    threshold = TailThreshold(settings, KEY)
    peaks_at(threshold, weeks=12, per_day=3, scale=scale)
    rate = 21 * np.exp(-(float(threshold.value[0]) - 1.0) / scale)
    assert 0.3 * budget < rate < 3 * budget


def test_a_smaller_budget_raises_the_threshold() -> None:
    values = []
    for budget in (2.0, 0.5, 0.05):
        threshold = TailThreshold(DetectorSettings(budget_per_week=budget, min_surprise=0.5), KEY)
        peaks_at(threshold, weeks=2, per_day=2, scale=0.5)
        values.append(float(threshold.value[0]))
    assert values == sorted(values)
    assert len(set(values)) == 3


def test_never_below_the_floor() -> None:
    threshold = TailThreshold(DetectorSettings(budget_per_week=50, min_surprise=2.5), KEY)
    for hour in range(2000):
        threshold.watch(hour * 60, np.zeros(1))
        threshold.close_hour(KNOWN)
    assert threshold.value[0] == 2.5


def test_one_enormous_surge_hardly_moves_it() -> None:
    settings = DetectorSettings(min_surprise=0.5)
    surged, calm = TailThreshold(settings, KEY), TailThreshold(settings, KEY)
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
    near, far = TailThreshold(settings, KEY), TailThreshold(settings, KEY)
    for threshold, gap in ((near, 30), (far, 90)):
        for minute in range(0, 4 * 1440):
            burst = minute % 1440 in (0, gap)
            threshold.watch(minute, np.array([2.0 if burst else 0.0]))
            if minute % 60 == 59:
                threshold.close_hour(KNOWN)
    assert far.value[0] > near.value[0]


@pytest.mark.parametrize("shape", [-0.25, 0.0, 0.15])
def test_the_level_is_the_quantile_of_the_generalised_pareto_distribution(shape: float) -> None:
    rate, scale, budget = np.array([12.0]), np.array([0.5]), np.array([0.3])
    level = float(gpd_level(rate, scale, np.array([shape]), budget)[0])
    beyond = np.exp(-level / 0.5) if shape == 0 else (1 + shape * level / 0.5) ** (-1 / shape)
    assert 12.0 * beyond == pytest.approx(0.3)
    assert gpd_level(rate, scale, np.array([shape]), np.array([20.0]))[0] == 0


@pytest.mark.parametrize(("bounded", "sign"), [(True, -1), (False, 1)])
def test_the_shape_follows_the_peaks(bounded: bool, sign: int) -> None:
    random = np.random.default_rng(5)
    threshold = TailThreshold(DetectorSettings(min_surprise=0.5, budget_per_week=0.01), KEY)
    for number in range(400):
        height = random.uniform(0, 1) if bounded else min(random.pareto(2.0), 4.0)
        threshold.watch(number * 200, np.array([1.0 + height]))
        threshold.watch(number * 200 + 100, np.zeros(1))
    for _ in range(24 * 7):
        threshold.close_hour(KNOWN)
    assert sign * threshold.tail()[2][0] > 0.02


def test_a_topic_may_have_a_budget_of_its_own_and_its_alarms_are_counted() -> None:
    settings = DetectorSettings(
        min_surprise=0.5, budget_per_week=0.5, topics={"macro": TopicOverride(budget_per_week=5.0)}
    )
    threshold = TailThreshold(settings, ("overall", "macro"))
    assert threshold.budget.tolist() == [0.5, 5.0]
    assert threshold.value[1] < threshold.value[0]
    assert threshold.realised(1) is None
    threshold.rang(1)
    for _ in range(24 * 14):
        threshold.close_hour(np.ones(2))
    assert threshold.realised(0) == 0
    assert threshold.realised(1) == pytest.approx(0.5, abs=0.1)
