from __future__ import annotations

import numpy as np
import pytest

from alerts import SeriesSettings, ValueDetector


def scored(values: list[float], detector: ValueDetector | None = None, step: float = 300.0) -> list[float]:
    detector = detector or ValueDetector()
    scores = []
    for at, value in enumerate(values):
        scores.append(detector.score_one(value, at * step))
        detector.learn_one(value, at * step)
    return scores


def wave(days: int = 6, seed: int = 2) -> list[float]:
    random = np.random.default_rng(seed)
    hours = np.arange(days * 288) / 12
    level = 100 + 40 * np.sin(hours / 24 * 2 * np.pi)
    return [float(value) for value in random.gamma(20.0, level / 20.0)]


def test_a_spike_stands_out_and_the_course_of_the_day_does_not() -> None:
    values = wave()
    values[1500] += 900.0
    scores = scored(values)
    assert scores[1500] == max(scores) > 0.98
    assert sum(score > 0.98 for score in scores) == 1


def test_is_learning_for_two_days() -> None:
    values = wave(3)
    values[300] += 5000.0
    assert max(scored(values)[: 2 * 288]) == 0


def test_one_surge_is_one_anomaly() -> None:
    values = wave()
    for offset in range(24):
        values[1500 + offset] += 900.0 - offset
    assert sum(score > 0.9 for score in scored(values)[1490:1540]) <= 3


@pytest.mark.parametrize(("direction", "found"), [("up", False), ("down", True), ("both", True)])
def test_a_fall_is_found_where_it_is_looked_for(direction: str, found: bool) -> None:
    values = wave()
    values[1500] -= 900.0
    scores = scored(values, ValueDetector(direction=direction))  # type: ignore[arg-type]
    assert (scores[1500] > 0.95) == found


def test_a_saved_state_goes_on() -> None:
    values = wave()
    whole = scored(values)
    first, second = ValueDetector(), ValueDetector()
    scores = scored(values[:1000], first)
    second.load(first.state())
    for at, value in enumerate(values[1000:], 1000):
        scores.append(second.score_one(value, at * 300.0))
        second.learn_one(value, at * 300.0)
    assert scores == whole
    assert len(second.state()) < 20_000


def test_constant_and_strange_series_do_no_harm() -> None:
    for values in ([5.0] * 1500, [0.0] * 1500, [-1e9, 1e9] * 700):
        assert all(0.0 <= score <= 1.0 for score in scored(values))
    assert ValueDetector(SeriesSettings(learning_days=1)).score_one(1.0, 0.0) == 0
