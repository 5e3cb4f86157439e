"""The detector as a whole, on streams whose truth is known."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts import AlertEvent, Count, DetectorSettings, Observation, SurgeMonitor
from alerts.lifecycle import at
from tests.alerts.streams import DAY, MONDAY, evidence, minute, poisson

SETTINGS = DetectorSettings()


def ring(
    observations: Iterable[Observation],
    keys: Sequence[str] = ("overall",),
    detector: DetectorSettings = SETTINGS,
) -> list[AlertEvent]:
    monitor = SurgeMonitor(detector, "test", keys)
    return [event for observation in observations for event in monitor.observe(observation)]


def surge(start: int, length: int, per_minute: int) -> dict[int, int]:
    return dict.fromkeys(range(start, start + length), per_minute)


def fired(events: Iterable[AlertEvent]) -> list[AlertEvent]:
    return [event for event in events if event.reason == "fired"]


def test_a_flash_surge_rings_within_minutes_and_resolves_within_hours() -> None:
    start = minute(9, "18:32")
    events = ring(poisson(10, 6, 30, extra=surge(start, 15, 3)))
    [alert] = fired(events)
    assert 0 <= alert.detected_at.timestamp() / 60 - start <= 8
    assert alert.observed > alert.expected
    assert alert.observed_share > alert.expected_share
    assert alert.evidence
    last = events[-1]
    assert last.reason == "resolved"
    assert last.resolved_at is not None
    assert (last.resolved_at - alert.detected_at).total_seconds() < 12 * 3600


def test_a_slow_surge_rings_within_hours() -> None:
    start = minute(9, "06:00")
    slow = {start + offset: 1 for offset in range(0, 14 * 60, 9)}
    [alert, *_] = fired(ring(poisson(10, 6, 30, extra=slow)))
    assert 0 < alert.detected_at.timestamp() / 60 - start <= 12 * 60
    assert alert.window_minutes >= 60


def test_rings_after_a_few_days_of_warm_up_and_not_before() -> None:
    early, late = minute(1, "12:00"), minute(4, "12:00")
    events = ring(poisson(5, 6, 30, extra=surge(early, 20, 3) | surge(late, 20, 3)))
    assert [alert.detected_at.day for alert in fired(events)] == [5]


def test_silence_never_rings() -> None:
    assert ring(Observation(minute=MONDAY + offset) for offset in range(0, 60 * DAY, DAY)) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_noise_keeps_to_the_budget(seed: int) -> None:
    keys = ("overall", "markets", "earnings")
    budget = DetectorSettings(budget_per_week=0.5, min_surprise=0.5)
    events = ring(poisson(24, 3, 20, keys=keys, seed=seed, night=0.2), keys, budget)
    weeks = (24 - budget.warmup_days) / 7
    assert len(fired(events)) <= 2 * budget.budget_per_week * weeks * len(keys)


def test_a_nightly_lull_and_a_busy_noon_are_normal() -> None:
    noons = {minute(day, "12:00") + offset: 1 for day in range(14) for offset in range(0, 60, 2)}
    events = ring(poisson(14, 2, 10, night=0.1, extra=noons))
    assert [alert for alert in fired(events) if alert.detected_at.day > 8] == []


def test_the_same_stream_gives_the_same_events() -> None:
    stream = list(poisson(5, 6, 30, extra=surge(minute(4, "14:00"), 30, 2)))
    first, second = ring(stream), ring(stream)
    assert first
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


STREAM = list(
    poisson(
        5,
        6,
        20,
        keys=("overall", "markets"),
        extra=surge(minute(4, "08:00"), 30, 2) | surge(minute(4, "22:00"), 20, 3),
    )
)
EVENTS = ring(STREAM, ("overall", "markets"))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(4 * DAY, len(STREAM)), min_size=1, max_size=4))
def test_a_restored_monitor_goes_on_as_the_one_that_was_saved(cuts: list[int]) -> None:
    # The shared beginning is played once; cuts lie in the days in which something happens.
    events = list(PREFIX_EVENTS)
    snapshot, done = PREFIX, 4 * DAY
    for cut in [*sorted(cuts), len(STREAM)]:
        monitor = SurgeMonitor(SETTINGS, "test", ("overall",))
        monitor.restore(snapshot)
        for observation in STREAM[done:cut]:
            events += monitor.observe(observation)
        snapshot, done = monitor.snapshot(), cut
    assert events == EVENTS


def prefix() -> tuple[bytes, list[AlertEvent]]:
    monitor = SurgeMonitor(SETTINGS, "test", ("overall", "markets"))
    events = [event for observation in STREAM[: 4 * DAY] for event in monitor.observe(observation)]
    return monitor.snapshot(), events


PREFIX, PREFIX_EVENTS = prefix()


def test_the_stream_of_the_restore_test_rings_and_resolves() -> None:
    assert {"fired", "resolved"} <= {event.reason for event in EVENTS}
    assert {event.key for event in EVENTS} >= {"overall"}


@settings(max_examples=5, deadline=None)
@given(st.integers(4 * DAY, len(STREAM) - 1), st.integers(1, 3000))
def test_minutes_that_come_again_change_nothing(at: int, back: int) -> None:
    monitor = SurgeMonitor(SETTINGS, "test", ("overall", "markets"))
    monitor.restore(PREFIX)
    events = list(PREFIX_EVENTS)
    for observation in itertools.chain(STREAM[4 * DAY : at], STREAM[max(at - back, 0) :]):
        events += monitor.observe(observation)
    assert events == EVENTS


@settings(max_examples=5, deadline=None)
@given(st.integers(1, 1300), st.integers(0, 59))
def test_minutes_left_out_are_the_quiet_minutes_they_were(gap: int, phase: int) -> None:
    before, resume = STREAM[4 * DAY : 4 * DAY + 60 + phase], 4 * DAY + 60 + phase + gap
    after = STREAM[min(resume, len(STREAM) - 1) :][:200]
    filler = [Observation(minute=m) for m in range(before[-1].minute + 1, after[0].minute)]
    outcomes = []
    for observations in (before + after, before + filler + after):
        monitor = SurgeMonitor(SETTINGS, "test", ("overall", "markets"))
        monitor.restore(PREFIX)
        events = [event for observation in observations for event in monitor.observe(observation)]
        outcomes.append((events, monitor.snapshot()))
    assert outcomes[0] == outcomes[1]


def test_two_months_of_silence_are_passed_over() -> None:
    monitor = SurgeMonitor(SETTINGS, "test", ("overall",))
    for observation in poisson(1, 6, 30):
        monitor.observe(observation)
    assert monitor.observe(Observation(minute=MONDAY + 60 * DAY)) == []
    assert monitor.next_minute == MONDAY + 60 * DAY + 1


def test_parts_are_muted_while_everything_rings() -> None:
    parts = ("markets", "earnings", "politics", "macro")
    start = minute(4, "14:00")
    stream = poisson(5, 2, 10, keys=parts, overall=True, extra=surge(start, 20, 1))
    # A budget of one false alarm a week and key is used: what rang in the calm before is not meant.
    alerts = [alert for alert in fired(ring(stream, ("overall", *parts))) if alert.detected_at >= at(start)]
    assert alerts[0].key == "overall"
    assert len(alerts) <= 2


def test_a_key_may_appear_later() -> None:
    calm = [
        Observation(minute=o.minute, counts=tuple(c for c in o.counts if c.key == "overall"))
        for o in poisson(2, 6, 30)
    ]
    start = minute(7, "12:00")
    rest = poisson(6, 6, 30, keys=("overall", "ipo"), first=minute(2), extra=surge(start, 20, 3))
    monitor = SurgeMonitor(SETTINGS, "test", ("overall",))
    events = [event for observation in [*calm, *rest] for event in monitor.observe(observation)]
    assert monitor.keys == ("overall", "ipo")
    assert fired(events)


def test_copies_of_evidence_are_cited_once_and_most_negative_first() -> None:
    start = minute(4, "12:00")
    extra = [evidence("overall", start, number, -0.9 + number / 100) for number in range(5)]
    stream = []
    for observation in poisson(5, 2, 10):
        if start <= observation.minute < start + 10:
            count = Count(key="overall", stories=8, negative=8, evidence=tuple(extra))
            observation = Observation(minute=observation.minute, counts=(count,))
        stream.append(observation)
    [alert, *_] = fired(ring(stream))
    scores = [story.score for story in alert.evidence]
    assert scores[0] == -0.9
    assert scores == sorted(scores)
    assert len({story.story for story in alert.evidence}) == len(scores) <= 5


def test_impossible_counts_are_refused() -> None:
    monitor = SurgeMonitor(SETTINGS, "test", ("overall",))
    with pytest.raises(ValueError, match="3 negative of 2 stories"):
        monitor.observe(Observation(minute=MONDAY, counts=(Count(key="overall", stories=2, negative=3),)))


def test_a_snapshot_of_other_windows_or_another_run_is_refused() -> None:
    snapshot = SurgeMonitor(SETTINGS, "test", ("overall",)).snapshot()
    with pytest.raises(ValueError, match="windows"):
        SurgeMonitor(DetectorSettings(windows=(5, 60)), "test", ("overall",)).restore(snapshot)
    with pytest.raises(ValueError, match="run"):
        SurgeMonitor(SETTINGS, "other", ("overall",)).restore(snapshot)


@pytest.mark.parametrize("windows", [(), (60, 10), (10, 10), (1,), (2000,)])
def test_windows_that_make_no_sense_are_refused(windows: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="window"):
        DetectorSettings(windows=windows)
