"""What was to be expected, learnt from the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.settings import DetectorSettings
from dashboards.console.normal import SLOT, Slot, expected_stories

BEGIN = datetime(2023, 1, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
SETTINGS = DetectorSettings()


def point(time: datetime, negative: int) -> Slot:
    return Slot(time=time, stories=2 * negative, negative_stories=negative)


def days(count: int, busy: int = 9) -> list[Slot]:
    """Six bad stories an hour, each day alike, and at nine o'clock `busy` more."""
    slots = (BEGIN + SLOT * n for n in range(count * 144))
    return [point(slot, 1 + (busy if (slot.hour, slot.minute) == (9, 0) else 0)) for slot in slots]


def test_it_learns_the_course_of_a_day() -> None:
    taught = days(20)
    day = BEGIN + timedelta(days=18)
    nine, ten = expected_stories(taught, [day + 9 * HOUR, day + 10 * HOUR], HOUR, SETTINGS)
    assert nine is not None and ten is not None
    assert 11 < nine.expected < 18
    assert 4 < ten.expected < 8
    assert nine.low < nine.expected < nine.high


def test_what_is_normal_was_known_before() -> None:
    """A story changes what is expected of later hours, never of its own."""
    calm = days(20)
    at = BEGIN + timedelta(days=18, hours=10)
    surge = [point(p.time, 80) if at <= p.time < at + HOUR else p for p in calm]
    for taught in (calm, surge):
        assert expected_stories(taught, [at], HOUR, SETTINGS) == expected_stories(calm, [at], HOUR, SETTINGS)
    # A surge teaches little, and less where an alert fired.
    later = [at + timedelta(days=1)]
    hour = int(at.timestamp()) // 3600
    calm_later, after, muted = (
        expected_stories(taught, later, HOUR, SETTINGS, surging)[0]
        for taught, surging in ((calm, ()), (surge, ()), (surge, {hour}))
    )
    assert calm_later is not None and after is not None and muted is not None
    assert calm_later.expected < muted.expected < after.expected < 2 * calm_later.expected


def test_nothing_is_expected_while_it_learns() -> None:
    taught = days(5)
    early, late = expected_stories(
        taught, [BEGIN + 9 * HOUR, BEGIN + timedelta(days=4, hours=9)], HOUR, SETTINGS
    )
    assert early is None and late is not None
    assert expected_stories([], [BEGIN], HOUR, SETTINGS) == [None]


def test_steps_shorter_and_longer_than_an_hour_add_up() -> None:
    taught = days(20)
    day = BEGIN + timedelta(days=18)
    half = timedelta(minutes=30)
    halves = expected_stories(taught, [day, day + half], half, SETTINGS)
    whole = expected_stories(taught, [day], HOUR, SETTINGS)[0]
    assert whole is not None and all(half is not None for half in halves)
    assert abs(sum(h.expected for h in halves if h) - whole.expected) < 0.01
    two = expected_stories(taught, [day], 2 * HOUR, SETTINGS)[0]
    assert two is not None and two.expected > whole.expected
