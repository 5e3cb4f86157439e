from __future__ import annotations

import pytest

from alerts import DetectorSettings
from alerts.tradeoff import tradeoff
from alerts.trials import Surge, extra_stories, oracle, run_trials, with_stories
from tests.alerts.streams import DAY, MONDAY, minute, poisson

SETTINGS = DetectorSettings(warmup_days=1)
KEYS = ("overall", "markets")
BIG, NONE = Surge(6.0, 30), Surge(1.2, 30)


def trials() -> tuple:  # type: ignore[type-arg]
    stream = list(poisson(4, 12, 24, keys=KEYS, seed=6))
    starts = {minute(day, clock): ["markets"] for day in (2, 3) for clock in ("09:30", "15:00")}
    return run_trials(SETTINGS, KEYS, stream, [BIG, NONE], starts)


def test_big_surges_are_found_soon_and_none_at_all_is_not() -> None:
    past, outcomes = trials()
    assert len(outcomes) == 8
    big = [outcome for outcome in outcomes if outcome.surge == BIG]
    assert all(outcome.rang is not None and outcome.rang <= 30 for outcome in big)
    assert all(8 <= outcome.rate <= 18 for outcome in outcomes)
    assert past.weeks == pytest.approx(3 / 7, abs=0.02)
    found = tradeoff(past, outcomes, KEYS, lambda key: 1.0)
    strict, lax = found.at_budget(0.0), found.prices[0]
    assert strict.false_per_week == 0 <= lax.false_per_week
    assert strict.threshold >= lax.threshold
    shares = {surge.factor: surge.share for surge in lax.found}
    assert shares[6.0] == 1.0 >= shares[1.2]
    assert [row.key for row in found.realised] == list(KEYS)


def test_the_history_goes_on_as_if_nothing_had_been_tried() -> None:
    stream = list(poisson(4, 12, 24, keys=KEYS, seed=6))
    alone, _ = run_trials(SETTINGS, KEYS, stream, [], {})
    tried, _ = trials()
    assert alone.peaks == tried.peaks
    assert alone.alerts == tried.alerts


def test_extra_stories_are_stories_of_everything_too() -> None:
    [quiet] = [each for each in poisson(1, 1, 1, keys=KEYS) if each.minute == MONDAY + DAY - 1]
    more = {count.key: count for count in with_stories(quiet, "markets", 3).counts}
    assert more["markets"].negative >= 3 and more["overall"].negative >= 3
    assert with_stories(quiet, "markets", 0) == quiet


def test_surges_are_multiples_of_the_normal_rate() -> None:
    assert extra_stories(Surge(3.0, 60), 10.0) == 20
    assert extra_stories(Surge(3.0, 15), 0.1) == 1


def test_who_knows_the_rate_finds_more_the_busier_the_key() -> None:
    windows = (5, 15, 60)
    quiet = oracle(1.0, Surge(3.0, 60), 1.0, windows, weeks=5, trials=100)
    busy = oracle(30.0, Surge(3.0, 60), 1.0, windows, weeks=5, trials=100)
    assert quiet.found < 0.5 < 0.95 < busy.found
    assert busy.delay is not None and busy.delay < 30
