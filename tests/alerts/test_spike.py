from __future__ import annotations

import numpy as np
import pytest

from alerts import Count, DetectorSettings, Observation, SpikeDetector, SurgeMonitor
from tests.alerts.streams import MONDAY

SETTINGS = DetectorSettings(warmup_days=0.5, min_stories=3, min_surprise=20)


def stream(minutes: int, seed: int = 1) -> list[tuple[int, int, int]]:
    random = np.random.default_rng(seed)
    negative, others = random.poisson(0.2, minutes), random.poisson(0.5, minutes)
    return [(MONDAY + at, int(negative[at]), int(negative[at] + others[at])) for at in range(minutes)]


def test_scores_are_those_of_the_monitor() -> None:
    detector, monitor = SpikeDetector(SETTINGS), SurgeMonitor(SETTINGS, "test", ("overall",))
    seen = 0.0
    for minute, negative, stories in stream(1800):
        score = detector.score_one(minute, negative, stories)
        detector.learn_one(minute, negative, stories)
        counts = (Count(key="overall", stories=stories, negative=negative),) if stories else ()
        monitor.observe(Observation(minute=minute, counts=counts))
        assert monitor.scores is not None
        if negative:
            assert score == monitor.scores.highest[0]
            seen = max(seen, score)
    assert seen > 0.5


def test_asking_changes_nothing_and_a_saved_state_goes_on() -> None:
    detector = SpikeDetector(SETTINGS)
    for minute, negative, stories in stream(1500):
        detector.learn_one(minute, negative, stories)
    minute = MONDAY + 1500
    before = detector.score_one(minute, 9, 9)
    assert detector.score_one(minute, 9, 9) == before > detector.score_one(minute, 5, 9)
    other = SpikeDetector(SETTINGS).load(detector.state())
    assert other.score_one(minute, 9, 9) == before
    assert len(detector.state()) < 20_000


def test_says_that_it_is_learning() -> None:
    detector = SpikeDetector(SETTINGS)
    detector.learn_one(MONDAY, 1, 1)
    assert detector.learning
    assert detector.score_one(MONDAY + 1, 50, 50) == 0


def test_a_gap_teaches_nothing() -> None:
    down, quiet = SpikeDetector(SETTINGS), SpikeDetector(SETTINGS)
    for minute, negative, stories in stream(3000):
        gone = 1440 <= minute - MONDAY < 2880
        seen = (0, 0) if gone else (negative, stories)
        down.learn_one(minute, *seen, gap=gone)
        quiet.learn_one(minute, *seen)
    # A day that was calm lowers what is expected; a day of which nothing was heard does not.
    at = MONDAY + 3000
    assert down.score_one(at, 5, 6) < quiet.score_one(at, 5, 6)


def test_a_minute_that_was_seen_is_refused() -> None:
    detector = SpikeDetector(SETTINGS).learn_one(MONDAY, 1, 1)
    with pytest.raises(ValueError, match="has been seen"):
        detector.learn_one(MONDAY, 1, 1)
