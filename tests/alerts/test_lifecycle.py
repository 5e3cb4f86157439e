"""Timelines: surprise as it comes, minute by minute, against the events that follow."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from alerts.events import AlertEvent, Severity
from alerts.lifecycle import AlertLifecycle, Details, Reading, at
from alerts.settings import DetectorSettings
from tests.alerts.streams import MONDAY, evidence

SETTINGS = DetectorSettings(
    clear_ratio=0.5,
    quiet_minutes=10,
    cooldown_minutes=60,
    severity_step=1.5,
    update_minutes=20,
    pending_minutes=0,
    confirm_minutes=0,
)
THRESHOLD = 4.0


def reading(minute: int, surprise: float, long: float | None = None) -> Reading:
    return Reading(
        minute=MONDAY + minute,
        surprise=surprise,
        threshold=THRESHOLD,
        surprises=((5, surprise), (60, surprise if long is None else long)),
        window_minutes=5,
        observed=int(surprise * 3),
        expected=1.0,
        observed_share=0.5,
        expected_share=0.1,
    )


def described() -> Details:
    return Details(evidence=(evidence("markets", MONDAY, 1),), cause="worse_news")


def play(
    surprises: Mapping[int, float],
    until: int,
    muting: Mapping[int, Severity | None] | None = None,
    lifecycle: AlertLifecycle | None = None,
) -> list[tuple[int, AlertEvent]]:
    """Each entry sets the surprise (and what mutes) from that minute on; events with their minutes."""
    lifecycle = lifecycle or AlertLifecycle(SETTINGS, "test", "markets")
    events = []
    surprise, cover = 0.0, None
    for minute in range(until):
        surprise = surprises.get(minute, surprise)
        cover = (muting or {}).get(minute, cover)
        event = lifecycle.step(reading(minute, surprise), described, cover)
        if event is not None:
            events.append((minute, event))
    return events


def reasons(events: list[tuple[int, AlertEvent]]) -> list[tuple[int, str]]:
    return [(minute, event.reason) for minute, event in events]


def test_a_surge_from_firing_to_resolved() -> None:
    events = play({3: 4.5, 15: 1.0}, until=60)
    assert reasons(events) == [(3, "fired"), (24, "resolved")]
    fired, resolved = (event for _, event in events)
    assert (fired.seq, resolved.seq) == (0, 1)
    assert fired.id == resolved.id
    assert fired.started_at == at(MONDAY - 1)
    assert fired.detected_at == resolved.detected_at == at(MONDAY + 4)
    assert resolved.resolved_at == at(MONDAY + 25)
    assert resolved.observed == fired.observed, "a resolved alert still tells its peak"


def test_below_the_threshold_nothing_rings() -> None:
    assert play({0: 3.999}, until=500) == []


def test_a_dip_between_threshold_and_clear_level_does_not_end_it() -> None:
    events = play({3: 5.0, 5: 2.1, 40: 5.0, 60: 1.9}, until=100)
    assert reasons(events) == [(3, "fired"), (69, "resolved")]


def test_flicker_around_the_clear_level_does_not_end_it() -> None:
    flicker = {minute: 1.0 if minute % 9 else 3.0 for minute in range(5, 200)}
    events = play({3: 5.0, **flicker, 200: 0.0}, until=300)
    assert reasons(events) == [(3, "fired"), (208, "resolved")]


def test_rises_through_the_severities_and_never_falls() -> None:
    events = play({3: 4.0, 6: 5.5, 9: 4.2, 12: 7.0, 14: 0.0}, until=60)
    assert [(minute, event.reason, event.severity) for minute, event in events] == [
        (3, "fired", "watch"),
        (6, "escalated", "warning"),
        (12, "escalated", "critical"),
        (23, "resolved", "critical"),
    ]


def test_updates_are_occasional_and_only_while_it_grows() -> None:
    events = play({minute: min(4.0 + minute * 0.01, 5.0) for minute in range(400)}, until=400)
    assert reasons(events)[0] == (0, "fired")
    updates = [minute for minute, reason in reasons(events) if reason == "updated"]
    assert updates == [20, 40, 60, 80, 100]


def test_in_the_cooldown_only_a_greater_surge_rings() -> None:
    events = play({3: 5.0, 6: 0.0, 30: 4.9, 40: 0.0}, until=75)
    assert reasons(events) == [(3, "fired"), (15, "resolved")]
    events = play({3: 5.0, 6: 0.0, 30: 5.1, 40: 0.0}, until=75)
    assert reasons(events) == [(3, "fired"), (15, "resolved"), (30, "fired"), (49, "resolved")]
    events = play({3: 5.0, 6: 0.0, 80: 4.1, 90: 0.0}, until=120)
    assert reasons(events) == [(3, "fired"), (15, "resolved"), (80, "fired"), (99, "resolved")]


def test_two_alerts_of_a_key_never_share_an_id() -> None:
    events = play({3: 5.0, 6: 0.0, 16: 9.0}, until=30)
    fired = [event for _, event in events if event.reason == "fired"]
    assert len({event.id for event in fired}) == len(fired) == 2


def test_a_muted_surge_is_silent_unless_it_outranks_its_cover() -> None:
    assert play({3: 4.5, 30: 0.0}, until=100, muting={0: "watch"}) == []
    events = play({3: 4.5, 10: 6.0, 30: 0.0}, until=100, muting={0: "watch"})
    assert reasons(events) == [(10, "fired"), (39, "resolved")]
    assert events[0][1].severity == "warning"
    assert events[0][1].seq == 0


def test_a_surge_that_outlasts_its_cover_rings() -> None:
    events = play({3: 4.5}, until=40, muting={0: "watch", 20: None})
    assert reasons(events) == [(20, "fired")]


@given(st.lists(st.floats(0, 10).map(lambda x: round(x, 3)), max_size=300))
def test_every_timeline_is_well_formed(surprises: list[float]) -> None:
    events = [event for _, event in play(dict(enumerate(surprises)), until=len(surprises))]
    alerts: dict[str, list[AlertEvent]] = {}
    for event in events:
        alerts.setdefault(event.id, []).append(event)
    for history in alerts.values():
        assert [event.seq for event in history] == list(range(len(history)))
        assert [event.reason for event in history].count("fired") == 1
        assert history[0].reason == "fired"
        assert all(event.state == "firing" for event in history[:-1])
        assert all(event.surprise >= event.threshold for event in history)
    ends = [history[-1].resolved_at for history in alerts.values()]
    assert None not in ends[:-1], "one alert of a key at a time"


def test_a_window_that_only_remembers_the_surge_neither_holds_it_open_nor_rings_again() -> None:
    lifecycle = AlertLifecycle(SETTINGS, "test", "markets")
    events = []
    for minute in range(305):
        short = 5.0 if 3 <= minute < 6 else 0.0
        long = 4.5 if 3 <= minute < 200 else (4.4 if minute >= 300 else 0.0)
        measured = msgspec.structs.replace(reading(minute, short, long), surprise=max(short, long))
        event = lifecycle.step(measured, Details)
        if event is not None:
            events.append((minute, event.reason))
    assert events == [(3, "fired"), (15, "resolved"), (300, "fired")]


def patient(**changes: int) -> AlertLifecycle:
    return AlertLifecycle(SETTINGS.model_copy(update=changes), "test", "markets")


def test_a_short_surge_stays_pending_and_a_lasting_one_rings() -> None:
    lifecycle = patient(pending_minutes=5)
    assert play({3: 4.5, 7: 1.0}, until=60, lifecycle=lifecycle) == []
    assert lifecycle.idle
    events = play({3: 4.5, 12: 1.0}, until=60, lifecycle=patient(pending_minutes=5))
    assert reasons(events) == [(8, "fired"), (21, "resolved")]


def test_while_pending_it_is_not_idle() -> None:
    lifecycle = patient(pending_minutes=5)
    lifecycle.step(reading(3, 4.5), described)
    assert not lifecycle.idle
    assert lifecycle.state.pending == MONDAY + 3


def test_a_warning_does_not_wait() -> None:
    events = play({3: 5.5}, until=5, lifecycle=patient(pending_minutes=5))
    assert [(minute, event.severity) for minute, event in events] == [(3, "warning")]


def test_figures_are_provisional_until_confirmed() -> None:
    events = play({3: 4.5, 7: 6.0, 40: 0.0}, until=80, lifecycle=patient(confirm_minutes=10))
    assert [(minute, event.reason, event.provisional) for minute, event in events] == [
        (3, "fired", True),
        (7, "escalated", True),
        (17, "confirmed", False),
        (49, "resolved", False),
    ]
    assert [event.at for _, event in events] == [at(MONDAY + minute + 1) for minute, _ in events]
    assert [event.seq for _, event in events] == [0, 1, 2, 3]


def test_late_stories_of_the_window_are_counted_until_it_is_confirmed() -> None:
    lifecycle = patient(confirm_minutes=10)
    [(_, fired)] = play({3: 4.5}, until=5, lifecycle=lifecycle)
    lifecycle.amend(MONDAY + 3, 4, 2)
    lifecycle.amend(MONDAY - 30, 9, 9)
    confirmed = lifecycle.step(reading(13, 4.0), described)
    assert confirmed is not None
    assert (confirmed.reason, confirmed.observed) == ("confirmed", fired.observed + 2)
    assert confirmed.changed.startswith("Confirmed: 2 late stories came in; ")
    lifecycle.amend(MONDAY + 3, 4, 2)
    later = [lifecycle.step(reading(minute, 0.0), described) for minute in range(14, 60)]
    assert [event.observed for event in later if event] == [confirmed.observed]


def test_a_feed_that_is_down_is_not_calm() -> None:
    lifecycle = AlertLifecycle(SETTINGS, "test", "markets")
    lifecycle.step(reading(0, 4.5), described)
    for minute in range(1, 100):
        down = msgspec.structs.replace(reading(minute, 0.0), gap=True)
        assert lifecycle.step(down, described) is None
    later = [lifecycle.step(reading(minute, 0.0), described) for minute in range(100, 115)]
    assert [event.reason for event in later if event] == ["resolved"]


def test_a_covered_surge_does_not_report_its_growth() -> None:
    events = play({3: 4.5, 30: 5.4, 60: 5.6}, until=90, muting={10: "critical"})
    assert reasons(events) == [(3, "fired")]
