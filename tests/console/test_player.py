"""The hand on a replay's clock."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.console.desk.player import SPEEDS, Player

seconds = st.floats(0, 1e6)


def test_a_replay_begins_paused() -> None:
    player = Player(begin=1000.0)
    assert player.due(now=50.0) == 1000.0
    assert player.wait(2000.0, now=50.0) == math.inf


def test_an_hour_passes_in_a_second() -> None:
    player = Player(begin=1000.0, speed=3600.0)
    player.play(now=10.0)
    assert player.due(now=12.0) == 1000.0 + 7200.0
    assert player.wait(1000.0 + 7200.0, now=11.0) == pytest.approx(1.0)


def test_as_fast_as_it_goes_everything_is_due() -> None:
    player = Player(begin=0.0, speed=math.inf)
    player.play(now=0.0)
    assert player.due(now=0.0) == math.inf
    assert player.wait(1e12, now=0.0) == 0.0


@given(seconds, seconds, st.sampled_from(SPEEDS[:-1]))
def test_a_pause_costs_nothing_of_event_time(before: float, pause: float, speed: float) -> None:
    player = Player(begin=0.0, speed=speed)
    player.play(now=0.0)
    reached = player.due(before)
    player.pause(before, reached)
    assert player.due(before + pause) == reached
    player.play(before + pause)
    assert player.due(before + pause) == pytest.approx(reached)


@given(seconds, st.sampled_from(SPEEDS[:-1]), st.sampled_from(SPEEDS[:-1]))
def test_another_speed_goes_on_from_where_it_was(now: float, first: float, second: float) -> None:
    player = Player(begin=0.0, speed=first)
    player.play(now=0.0)
    reached = player.due(now)
    player.turn(second, now, reached)
    assert player.due(now) == reached
    assert player.due(now + 2.0) == pytest.approx(reached + 2.0 * second, rel=1e-6)


@pytest.mark.parametrize("speed", [0.0, -1.0, math.nan])
def test_time_does_not_stand_still_or_go_back(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        Player(begin=0.0).turn(speed, 0.0, 0.0)
