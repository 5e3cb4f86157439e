from __future__ import annotations

import numpy as np
import pytest

from alerts.arrays import Float
from alerts.baseline import NEGATIVE, SLOTS_PER_HOUR, SeasonalBaseline
from alerts.settings import DetectorSettings
from tests.alerts.streams import MONDAY

SETTINGS = DetectorSettings()
HOUR = MONDAY // 60
CALM = np.zeros(1)


def hour_of(negative: float, stories: float, slot: int | None = None) -> Float:
    """Counts of one hour of one key, spread evenly or all in one slot."""
    counts = np.zeros((SLOTS_PER_HOUR, 2, 1))
    for i in range(SLOTS_PER_HOUR) if slot is None else [slot]:
        counts[i, :, 0] = (negative, stories)
    return counts / (SLOTS_PER_HOUR if slot is None else 1)


def taught(days: int, negative: float = 4.0, stories: float = 20.0) -> SeasonalBaseline:
    baseline = SeasonalBaseline(SETTINGS, 1)
    for hour in range(HOUR, HOUR + 24 * days):
        busy = 1.0 if 8 <= hour % 24 < 20 else 0.1
        baseline.learn(hour, hour_of(negative * busy, stories * busy), CALM)
    return baseline


def negative_rate(baseline: SeasonalBaseline, hour: int) -> float:
    return float(baseline.rates(hour)[:, NEGATIVE, 0].mean())


def test_learns_the_hours_of_the_day_in_days() -> None:
    baseline = taught(days=5)
    friday = HOUR + 4 * 24
    assert negative_rate(baseline, friday + 12) > 5 * negative_rate(baseline, friday + 3)


def test_nears_the_true_rate_within_weeks() -> None:
    baseline = taught(days=28)
    assert negative_rate(baseline, HOUR + 28 * 24 + 12) == pytest.approx(4.0, rel=0.1)
    assert negative_rate(baseline, HOUR + 28 * 24 + 3) == pytest.approx(0.4, rel=0.5)


def test_is_learning_until_warm_and_until_it_saw_such_a_day() -> None:
    baseline = taught(days=2)
    assert not baseline.known(HOUR + 2 * 24 + 12).any()
    baseline = taught(days=4)
    assert baseline.known(HOUR + 4 * 24 + 12).all()
    assert not baseline.known(HOUR + 5 * 24 + 12).any(), "no Saturday was seen yet"


def test_one_spike_has_bounded_influence() -> None:
    spiked, calm = taught(days=14), taught(days=14)
    hour = HOUR + 14 * 24 + 12
    calm.learn(hour, hour_of(4, 20), CALM)
    spiked.learn(hour, hour_of(400, 420), CALM)
    week_later = hour + 7 * 24
    assert negative_rate(spiked, week_later) < 2 * negative_rate(calm, week_later)


def test_a_surge_teaches_less_while_it_lasts() -> None:
    elevated, ordinary = taught(days=14), taught(days=14)
    hour = HOUR + 14 * 24 + 12
    elevated.learn(hour, hour_of(400, 420), np.ones(1))
    ordinary.learn(hour, hour_of(400, 420), CALM)
    assert negative_rate(elevated, hour + 24) < negative_rate(ordinary, hour + 24)


def test_a_lasting_change_is_learnt_in_the_end() -> None:
    baseline = taught(days=14)
    for hour in range(HOUR + 14 * 24, HOUR + 28 * 24):
        busy = 1.0 if 8 <= hour % 24 < 20 else 0.1
        baseline.learn(hour, hour_of(12 * busy, 40 * busy), np.ones(1))
    assert negative_rate(baseline, HOUR + 28 * 24 + 12) > 9


def test_bursts_on_the_hour_become_normal() -> None:
    baseline = SeasonalBaseline(SETTINGS, 1)
    for hour in range(HOUR, HOUR + 24 * 10):
        baseline.learn(hour, hour_of(3, 12, slot=0), CALM)
    rates = baseline.rates(HOUR + 24 * 10)[:, NEGATIVE, 0]
    assert rates[0] > 4 * rates[3]
    assert rates.mean() == pytest.approx(float(baseline.seasonal(HOUR + 240)[NEGATIVE, 0]), rel=0.05)


def test_a_new_key_starts_from_nothing() -> None:
    baseline = taught(days=5)
    baseline.widen(2)
    known = baseline.known(HOUR + 5 * 24 - 12)
    assert list(known) == [1, 0]
