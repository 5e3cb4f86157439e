"""Feed health: what rings, when it ends, and what a gap is. Time runs by argument."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.cadence import MOST_SOURCES, Cadence
from alerts.events import AlertEvent
from alerts.health import FeedHealth, key_of
from alerts.settings import FeedSettings

DAY = 1440
MONDAY = 4 * DAY
"""1970-01-05."""
WEEKS_2 = MONDAY + 14 * DAY

Feed = Callable[[int], Mapping[str, int]]


@cache
def steady(minute: int) -> dict[str, int]:
    """Two wires all day, busier by day; a third at office hours alone."""
    draw = random.Random(minute)
    day, hour = divmod(minute // 60, 24)
    by_day = 7 <= hour < 20
    sent = {
        "Big Wire": 0.8 if by_day else 0.3,
        "Small Wire": 0.12,
        "Office": 0.4 if by_day and (day + 3) % 7 < 5 else 0,
    }
    return {name: 1 for name, chance in sent.items() if draw.random() < chance}


@cache
def learnt() -> bytes:
    """State after two ordinary weeks."""
    health = FeedHealth(FeedSettings(), "live")
    for minute in range(MONDAY, WEEKS_2):
        assert health.observe(minute, steady(minute)) == []
    return health.snapshot()


@pytest.fixture
def health() -> FeedHealth:
    fresh = FeedHealth(FeedSettings(), "live")
    fresh.restore(learnt())
    return fresh


def play(health: FeedHealth, feed: Feed, start: int, minutes: int) -> list[tuple[int, AlertEvent]]:
    return [
        (minute - start, event)
        for minute in range(start, start + minutes)
        for event in health.observe(minute, feed(minute))
    ]


def without(*names: str) -> Feed:
    return lambda minute: {name: n for name, n in steady(minute).items() if name not in names}


def test_two_ordinary_weeks_ring_for_nothing_and_nights_are_nights() -> None:
    assert learnt()


def test_a_feed_that_is_down_rings_as_a_whole_and_is_a_gap_until_it_is_heard(health: FeedHealth) -> None:
    noon = WEEKS_2 + 12 * 60
    play(health, steady, WEEKS_2, 12 * 60)
    rang = play(health, lambda _: {}, noon, 90)
    assert [event.key for _, event in rang if event.reason == "fired"] == ["feed/all"]
    at, fired = rang[0]
    assert 29 <= at <= 45
    assert (fired.kind, fired.state, fired.observed) == ("feed_silence", "firing", 0)
    assert fired.severity in ("warning", "critical")
    assert fired.expected > 20
    assert health.gap
    assert set(health.firing) == {"feed/all"}
    [(_, over)] = play(health, steady, noon + 90, 3)
    assert (over.reason, over.state, over.id, over.seq) == (
        "resolved",
        "resolved",
        fired.id,
        rang[-1][1].seq + 1,
    )
    assert not health.gap


def test_one_of_several_sources_rings_alone_and_is_a_gap_if_it_carries_most(health: FeedHealth) -> None:
    noon = WEEKS_2 + 12 * 60
    play(health, steady, WEEKS_2, 12 * 60)
    rang = play(health, without("Big Wire"), noon, 120)
    assert [event.key for _, event in rang if event.reason == "fired"] == [key_of("Big Wire")]
    assert health.gap
    other = FeedHealth(FeedSettings(gap_share=0.7), "live")
    other.restore(health.snapshot())
    assert not other.gap


def test_a_source_that_sleeps_at_night_is_not_silent_then_but_is_next_morning(health: FeedHealth) -> None:
    rang = play(health, without("Office"), WEEKS_2, 7 * 60)
    assert rang == []
    rang = play(health, without("Office"), WEEKS_2 + 7 * 60, 4 * 60)
    assert [event.key for _, event in rang][:1] == ["feed/Office"]


def test_a_quiet_source_is_given_time(health: FeedHealth) -> None:
    rang = play(health, without("Small Wire"), WEEKS_2, 12 * 60)
    assert rang
    assert rang[0][0] > 90, "seven documents an hour: an hour of nothing is no news"
    assert rang[0][1].key == key_of("Small Wire")


def test_silence_teaches_nothing_and_a_week_of_it_is_an_end(health: FeedHealth) -> None:
    rang = play(health, without("Office"), WEEKS_2, 8 * DAY)
    reasons = [event.reason for _, event in rang if event.key == "feed/Office"]
    assert reasons[0] == "fired"
    assert reasons[-1] == "resolved"
    assert "no longer expected" in rang[-1][1].changed
    assert play(health, without("Office"), WEEKS_2 + 8 * DAY, 12 * 60) == []


def test_a_source_that_is_new_is_learnt_first() -> None:
    health = FeedHealth(FeedSettings(), "live")
    play(health, steady, MONDAY, 20 * 60)
    assert play(health, lambda _: {}, MONDAY + 20 * 60, 4 * 60) == []


def test_a_jump_in_time_is_no_silence(health: FeedHealth) -> None:
    assert play(health, steady, WEEKS_2 + 30 * DAY + 12 * 60, 60) == []


def test_switched_off_it_says_nothing() -> None:
    health = FeedHealth(FeedSettings(enabled=False), "live")
    play(health, steady, MONDAY, 60)
    assert health.firing == {}


def test_a_snapshot_goes_on_with_the_same_events(health: FeedHealth) -> None:
    noon = WEEKS_2 + 12 * 60
    whole = play(health, without("Big Wire"), WEEKS_2, 14 * 60)
    cut = FeedHealth(FeedSettings(), "live")
    cut.restore(learnt())
    parts = play(cut, without("Big Wire"), WEEKS_2, 12 * 60 + 7)
    again = FeedHealth(FeedSettings(), "live")
    again.restore(cut.snapshot())
    parts += [(at + 12 * 60 + 7, event) for at, event in play(again, without("Big Wire"), noon + 7, 113)]
    assert whole == parts
    assert again.snapshot() == health.snapshot()


def test_a_state_that_is_none_is_refused(health: FeedHealth) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        health.restore(b"nonsense")


def test_the_same_minute_twice_counts_once(health: FeedHealth) -> None:
    play(health, steady, WEEKS_2, 60)
    before = health.snapshot()
    assert health.observe(WEEKS_2 + 59, {"Big Wire": 99}) == []
    assert health.snapshot() == before


def test_sources_are_bounded_and_the_long_unheard_make_room() -> None:
    cadence = Cadence()
    for minute in range(2):
        cadence.learn_one(minute, {f"s{n}": 1 for n in range(MOST_SOURCES)})
    cadence.learn_one(2, {"late": 1})
    assert "late" not in cadence.names
    cadence.learn_one(31 * DAY, {"later": 1})
    assert "later" not in cadence.names, "a jump is no silence of theirs"
    for minute in range(31 * DAY + 1, 31 * DAY + 3):
        cadence.learn_one(minute, {"s1": 1})
    assert len(cadence.names) == MOST_SOURCES


@given(st.text(max_size=60))
def test_a_key_is_safe_whatever_the_source_is_called(name: str) -> None:
    import re

    assert re.fullmatch(r"feed/[A-Za-z0-9_.-]{0,60}", key_of(name))
    assert key_of(name) != "feed/all"


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 5)), max_size=200))
def test_surprise_is_never_negative_and_a_heard_source_has_none(minutes: list[dict[str, int]]) -> None:
    cadence = Cadence()
    for minute, counts in enumerate(minutes):
        cadence.learn_one(minute, counts)
        surprise = dict(zip(cadence.names, cadence.score_one().tolist(), strict=True))
        assert all(value >= 0 for value in surprise.values())
        assert all(surprise[name] == 0 for name in counts)
