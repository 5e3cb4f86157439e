"""The stages of a route, each on its own, and all of them over a real outbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.delivery import Delivered, Delivery, Outcome, Refused, Retry
from alerts.delivery.batch import Batch, Decision, Facts, Held, Muted, Seen, Suppressed
from alerts.delivery.drain import Result
from alerts.delivery.notify import notify_once
from alerts.delivery.stages.dedup import Dedup
from alerts.delivery.stages.group import Group
from alerts.delivery.stages.mute import Mute
from alerts.delivery.stages.rate_limit import RateLimit
from alerts.events import AlertEvent
from alerts.routes import RouteSettings
from alerts.settings import DeliverySettings
from pipeline.store import Outbox, Store, actions
from pipeline.store.notices import Notices
from tests.records import alert_event

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday."""


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def route(**fields: Any) -> RouteSettings:
    told: dict[str, Any] = {"name": "desk", "channel": "webhook", "url_env": "DESK", "group_wait": 0}
    return RouteSettings(**(told | fields))


def waiting(*events: AlertEvent, failures: int = 0) -> tuple[Delivery, ...]:
    return tuple(
        Delivery(receiver="desk", event=event, enqueued_at=NOW, failures=failures) for event in events
    )


def decided(batch: Batch) -> list[tuple[str, int, Decision]]:
    return [(each.delivery.event.id, each.delivery.event.seq, each.decision) for each in batch.decided]


def left(batch: Batch) -> list[tuple[str, int]]:
    return [(each.event.id, each.event.seq) for group in batch.groups for each in group]


# Mute


def test_a_muted_topic_is_suppressed_with_who_and_why() -> None:
    facts = Facts(now=NOW, mutes=(Muted("financials", at(3600), "ann", "known"),))
    batch = Batch(route(), (waiting(alert_event(), alert_event(id="b", key="gold")),))
    after = Mute().apply(batch, facts)
    assert left(after) == [("b", 0)]
    assert decided(after) == [("a1", 0, Suppressed("muted until 2026-01-05 13:00 UTC by ann: known"))]


def test_an_acknowledged_alert_is_told_again_only_above_what_was_seen_and_at_its_end() -> None:
    facts = Facts(now=NOW, seen={"a1": Seen("ann", "warning")})
    events = [
        alert_event(1, reason="updated"),
        alert_event(2, reason="escalated", severity="critical"),
        alert_event(3, state="resolved", severity="critical"),
    ]
    after = Mute().apply(Batch(route(), (waiting(*events),)), facts)
    assert left(after) == [("a1", 2), ("a1", 3)]
    assert decided(after)[0][2] == Suppressed("acknowledged by ann, no higher than warning since")


@pytest.mark.parametrize(
    ("outside", "becomes"),
    [
        ("hold", Held("outside the hours 14:00-16:00 (UTC)", at(7200))),
        ("drop", Suppressed("outside the hours 14:00-16:00 (UTC)")),
    ],
)
def test_outside_its_hours_a_route_waits_or_is_never_told(outside: str, becomes: Decision) -> None:
    desk = route(hours="14:00-16:00", outside_hours=outside)
    after = Mute().apply(Batch(desk, (waiting(alert_event()),)), Facts(now=NOW))
    assert decided(after) == [("a1", 0, becomes)]
    assert left(Mute().apply(Batch(desk, (waiting(alert_event()),)), Facts(now=at(7200)))) == [("a1", 0)]


# Group


def test_a_group_waits_for_others_but_a_critical_one_does_not() -> None:
    desk = route(group_wait=30)
    events = waiting(alert_event(), alert_event(id="b", kind="feed_silence"))
    after = Group().apply(Batch(desk, (events,)), Facts(now=at(29)))
    assert [decision for _, _, decision in decided(after)] == [
        Held("waits for others of its group", at(30))
    ] * 2
    ready = Group().apply(Batch(desk, (events,)), Facts(now=at(30)))
    assert [len(group) for group in ready.groups] == [1, 1]
    urgent = waiting(alert_event(severity="critical"), alert_event(id="b"))
    assert [len(group) for group in Group().apply(Batch(desk, (urgent,)), Facts(now=NOW)).groups] == [2]


def test_a_message_holds_no_more_alerts_than_can_be_read_and_cuts_none() -> None:
    events = [alert_event(seq, id=f"a{n:02}") for n in range(25) for seq in range(2)]
    groups = Group().apply(Batch(route(), (waiting(*events),)), Facts(now=NOW)).groups
    assert [len(group) for group in groups] == [40, 10]
    pager = route(channel="pagerduty")
    assert len(Group().apply(Batch(pager, (waiting(*events),)), Facts(now=NOW)).groups) == 25


# Dedup


def test_what_was_told_is_not_told_again() -> None:
    facts = Facts(now=NOW, told={"a1": alert_event(1)})
    events = [
        alert_event(1),
        alert_event(2, reason="confirmed"),
        alert_event(3, reason="confirmed", observed=50),
    ]
    after = Dedup().apply(Batch(route(), (waiting(*events),)), facts)
    assert left(after) == [("a1", 3)]
    assert [decision.reason for _, _, decision in decided(after)] == [
        "event 1 was told before",
        "confirmed as it was told",
    ]


def test_the_end_of_what_nobody_heard_of_is_not_told() -> None:
    after = Dedup().apply(Batch(route(), (waiting(alert_event(2, state="resolved")),)), Facts(now=NOW))
    assert decided(after) == [("a1", 2, Suppressed("it ended, and its beginning was not told here"))]
    both = waiting(alert_event(0), alert_event(2, state="resolved"))
    assert left(Dedup().apply(Batch(route(), (both,)), Facts(now=NOW))) == [("a1", 0), ("a1", 2)]


# Rate limit


@given(st.lists(st.integers(-3599, 0), max_size=8).map(sorted), st.integers(1, 5), st.integers(1, 5))
def test_no_hour_holds_more_messages_than_the_limit(before: list[int], limit: int, groups: int) -> None:
    sent = tuple(at(seconds) for seconds in before)[:limit]
    batch = Batch(route(max_per_hour=limit), tuple(waiting(alert_event(id=f"a{n}")) for n in range(groups)))
    after = RateLimit().apply(batch, Facts(now=NOW, sent=sent))
    assert len(sent) + len(after.groups) <= limit or not after.groups
    assert len(after.groups) + len(after.decided) == groups
    for each in after.decided:
        assert isinstance(each.decision, Held)
        assert each.decision.until > NOW


# All of them, over a store


class Scripted:
    """A receiver that answers as told, then takes everything."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[list[tuple[str, int]]] = []
        self.taken: list[tuple[str, int]] = []

    def send(self, events: Sequence[AlertEvent], now: datetime) -> Outcome:
        told = [(event.id, event.seq) for event in events]
        self.got.append(told)
        outcome = self.outcomes.pop(0) if self.outcomes else Delivered()
        if isinstance(outcome, Delivered):
            self.taken += told
        return outcome


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


class Desk:
    """One route over a store."""

    def __init__(self, store: Store, **fields: Any) -> None:
        self.store = store
        self.route = route(**fields)
        self.settings = DeliverySettings(routes=(self.route,))
        self.receiver = Scripted()

    def hears(self, *events: AlertEvent, now: datetime = NOW) -> None:
        self.store.write_alerts(events)
        Outbox(self.store, "live").enqueue(events, self.settings, now)

    def turn(self, now: datetime = NOW) -> list[Result]:
        return notify_once(Notices(self.store, "live"), {self.route.name: self.receiver}, now, self.settings)

    def journal(self, alert_id: str = "a1") -> list[str]:
        found = actions.journal(self.store, alert_id)
        return [entry.reason for entry in found if entry.by == "delivery"]


def test_one_alert_from_its_beginning_to_its_end(store: Store) -> None:
    desk = Desk(store)
    desk.hears(alert_event(0))
    assert [(result.verdict, result.waited) for result in desk.turn(at(2))] == [("delivered", 2.0)]
    desk.hears(alert_event(1, reason="escalated", severity="critical"), now=at(60))
    desk.hears(alert_event(2, state="resolved", severity="critical"), now=at(61))
    desk.turn(at(62))
    assert desk.receiver.taken == [("a1", 0), ("a1", 2)]
    assert desk.turn(at(63)) == []
    assert desk.journal() == [
        "desk: one message",
        "desk: overtaken by event 2, told in its place",
        "desk: one message",
    ]


def test_a_failure_between_two_events_loses_neither_and_keeps_order(store: Store) -> None:
    desk = Desk(store)
    desk.receiver.outcomes = [Retry("500"), Retry("429", after=30.0)]
    desk.hears(alert_event(0), alert_event(0, id="b", key="gold"))
    assert [result.verdict for result in desk.turn(NOW)] == ["retried", "retried"]
    desk.hears(alert_event(1, state="resolved"), now=at(0.5))
    assert desk.turn(at(0.5)) == [], "new events wait behind the failure"
    desk.turn(at(1))
    assert desk.turn(at(30)) == [], "the receiver asked to be left alone"
    desk.turn(at(31))
    assert sorted(desk.receiver.taken) == [("a1", 1), ("b", 0)]
    assert len(desk.receiver.got) == 3


def test_one_alert_that_is_refused_does_not_take_others_with_it(store: Store) -> None:
    desk = Desk(store)
    desk.receiver.outcomes = [Refused("400"), Refused("400: this one"), Delivered()]
    desk.hears(alert_event(0), alert_event(0, id="b", key="gold"))
    assert [result.verdict for result in desk.turn()] == ["refused", "delivered"]
    assert desk.receiver.taken == [("b", 0)]
    assert [refusal.reason for refusal in Outbox(store, "live").refused()] == ["400: this one"]
    assert desk.journal() == ["desk: 400: this one"]
    assert desk.turn(at(10)) == []


def test_a_mute_and_what_comes_after_it(store: Store) -> None:
    desk = Desk(store)
    actions.mute(store, run="live", key="financials", until=at(600), by="ann", at=NOW)
    desk.hears(alert_event(0))
    desk.turn(at(1))
    desk.hears(alert_event(1, state="resolved"), now=at(700))
    desk.turn(at(700))
    assert desk.receiver.got == []
    assert desk.journal() == [
        "desk: muted until 2026-01-05 12:10 UTC by ann",
        "desk: it ended, and its beginning was not told here",
    ]


def test_an_acknowledged_alert_notifies_again_when_it_escalates(store: Store) -> None:
    desk = Desk(store)
    desk.hears(alert_event(0))
    desk.turn()
    actions.acknowledge(store, "a1", by="ann", at=at(1))
    desk.hears(alert_event(1, reason="updated"), now=at(2))
    desk.turn(at(2))
    desk.hears(alert_event(2, reason="escalated", severity="critical"), now=at(3))
    desk.turn(at(3))
    assert desk.receiver.taken == [("a1", 0), ("a1", 2)]


def test_over_the_limit_the_newest_state_is_told_an_hour_later(store: Store) -> None:
    desk = Desk(store, max_per_hour=1)
    desk.hears(alert_event(0))
    desk.turn()
    desk.hears(alert_event(1, reason="escalated", severity="critical"), now=at(10))
    desk.turn(at(10))
    desk.hears(alert_event(2, state="resolved", severity="critical"), now=at(20))
    desk.turn(at(20))
    assert desk.turn(at(3599)) == []
    desk.turn(at(3600))
    assert desk.receiver.taken == [("a1", 0), ("a1", 2)]


def test_what_is_held_is_not_undelivered(store: Store) -> None:
    desk = Desk(store, hours="14:00-16:00")
    desk.hears(alert_event(0))
    assert Outbox(store, "live").waiting()["desk"].pending == 1
    desk.turn()
    waiting = Outbox(store, "live").waiting()["desk"]
    assert (waiting.pending, waiting.held) == (0, 1)
    desk.receiver.outcomes = [Retry("500")]
    desk.turn(at(7200))
    waiting = Outbox(store, "live").waiting()["desk"]
    assert (waiting.pending, waiting.held) == (1, 0)


def test_routes_hear_of_what_they_want(store: Store) -> None:
    replayed = alert_event(run="lehman")
    assert route().wants(alert_event())
    assert not route().wants(replayed)
    assert route(runs="replay").wants(replayed)
    assert not route(runs="replay").wants(alert_event())
    assert route(topics=("fin*",)).wants(alert_event())
    assert not route(topics=("gold", "overall")).wants(alert_event())
    assert not route(min_severity="critical").wants(alert_event())
    assert not route(kinds=("feed_silence",)).wants(alert_event())
    assert not route(updates=False).wants(alert_event(1, reason="updated"))
    assert not route(resolved=False).wants(alert_event(1, state="resolved"))
    desk = Desk(store, topics=("gold",))
    desk.hears(alert_event())
    assert desk.turn() == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "alertmanager"}, "name of a receiver"),
        ({"url_env": "TOCSIN_DESK"}, "are settings"),
        ({"time_zone": "Mars/Olympus"}, "no such time zone"),
        ({"hours": "always"}, "write hours as in"),
        ({"channel": "slack", "secret_env": "SECRET"}, "no secret of its own"),
    ],
)
def test_a_route_that_cannot_work_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        route(**fields)


def test_two_routes_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="same name"):
        DeliverySettings(routes=(route(), route()))


_example = count()


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_fails_and_whenever_it_is_tried_nothing_is_lost_or_told_twice(
    store: Store, data: st.DataObject
) -> None:
    """A model run: random failures, a receiver that keeps what it took, random times of passes."""
    trouble = [Delivered(), Retry("500"), Retry("429", after=7.0), Retry("down", unreachable=True)]
    desk = Desk(store, name=f"desk-{next(_example)}", max_per_hour=1000)
    seconds, heads = 0.0, {"a": 0, "b": 0}
    for _ in range(data.draw(st.integers(1, 5))):
        alert = data.draw(st.sampled_from("ab"))
        reason = "escalated" if heads[alert] else "fired"
        desk.hears(alert_event(heads[alert], id=alert, reason=reason), now=at(seconds))
        heads[alert] += 1
        desk.receiver.outcomes = data.draw(st.lists(st.sampled_from(trouble), max_size=3))
        desk.turn(at(seconds))
        seconds += data.draw(st.integers(0, 20))
    desk.receiver.outcomes = []
    desk.turn(at(seconds + 600))
    desk.turn(at(seconds + 1200))
    for alert, events in heads.items():
        told = [seq for id, seq in desk.receiver.taken if id == alert]
        assert told == sorted(set(told))
        assert not events or told[-1] == events - 1
