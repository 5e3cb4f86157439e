from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.delivery import Accepted, Delivered, Delivery, Receiver, Refused, Retry, next_step
from alerts.delivery.schedule import RECEIVERS, Outcome
from alerts.events import AlertEvent
from alerts.settings import DeliverySettings
from pipeline.store import Outbox, Store
from tests.records import alert_event

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = DeliverySettings(resend_interval=60, minimum_firing=330, resolved_resend=300)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    return Outbox(store, "live")


def due(outbox: Outbox, now: datetime, receiver: Receiver) -> list[tuple[str, int]]:
    return [(found.event.id, found.event.seq) for found in outbox.due([receiver], now, 100)]


def attempt(outbox: Outbox, now: datetime, receiver: Receiver, outcome: Outcome) -> Delivery:
    [delivery] = outbox.due([receiver], now, 100)
    outbox.record(delivery, next_step(delivery, outcome, now, SETTINGS), now)
    return delivery


def test_an_event_waits_for_each_receiver_and_comes_back_as_it_was(outbox: Outbox) -> None:
    event = alert_event()
    outbox.add([event], RECEIVERS, NOW)
    assert outbox.due(RECEIVERS, NOW, 100) == [
        Delivery(receiver=receiver, event=event, enqueued_at=NOW) for receiver in RECEIVERS
    ]
    assert outbox.due([], NOW, 100) == []
    assert outbox.due(RECEIVERS, NOW, 0) == []


def test_adding_again_changes_nothing(outbox: Outbox) -> None:
    outbox.add([alert_event()], RECEIVERS, NOW)
    attempt(outbox, NOW, "webhook", Delivered())
    outbox.add([alert_event(), alert_event()], RECEIVERS, at(9))
    assert due(outbox, at(9), "webhook") == []
    assert due(outbox, at(9), "alertmanager") == [("a1", 0)]


def test_a_webhook_gets_the_events_of_an_alert_one_after_the_other(outbox: Outbox) -> None:
    outbox.add([alert_event(0), alert_event(1), alert_event(2, state="resolved")], ["webhook"], NOW)
    outbox.add([alert_event(0, id="b")], ["webhook"], at(1))
    assert due(outbox, at(1), "webhook") == [("a1", 0), ("b", 0)]
    first = outbox.due(["webhook"], NOW, 1)[0]
    outbox.record(first, next_step(first, Retry("503"), NOW, SETTINGS), NOW)
    assert due(outbox, NOW, "webhook") == []
    assert due(outbox, at(1), "webhook") == [("a1", 0), ("b", 0)]
    outbox.record(first, next_step(first, Delivered(), at(1), SETTINGS), at(1))
    assert ("a1", 1) in due(outbox, at(1), "webhook")


def test_a_refused_event_is_kept_with_its_reason_and_does_not_hold_up_the_next(outbox: Outbox) -> None:
    outbox.add([alert_event(0), alert_event(1)], ["webhook"], NOW)
    attempt(outbox, NOW, "webhook", Refused("400: bad \0 thing"))
    assert due(outbox, NOW, "webhook") == [("a1", 1)]
    [refusal] = outbox.refused()
    assert (refusal.receiver, refusal.alert_id, refusal.seq) == ("webhook", "a1", 0)
    assert (refusal.at, refusal.reason) == (NOW, "400: bad \ufffd thing")


def test_at_alertmanager_a_newer_event_takes_the_place_of_older_ones(outbox: Outbox) -> None:
    outbox.add([alert_event(0), alert_event(1)], ["alertmanager"], NOW)
    assert due(outbox, NOW, "alertmanager") == [("a1", 1)]
    outbox.add([alert_event(2, severity="critical")], ["alertmanager"], NOW)
    assert due(outbox, NOW, "alertmanager") == [("a1", 2)]


def test_an_alert_that_resolved_before_it_was_posted_is_posted_as_firing_first(outbox: Outbox) -> None:
    outbox.add([alert_event(0), alert_event(1, state="resolved")], ["alertmanager"], NOW)
    attempt(outbox, NOW, "alertmanager", Retry("refused"))
    firing = attempt(outbox, at(1), "alertmanager", Delivered())
    assert (firing.event.seq, firing.newer_waits) == (0, True)
    for seconds in (61, 121, 181, 241, 301):
        assert due(outbox, at(seconds - 1), "alertmanager") == []
        assert attempt(outbox, at(seconds), "alertmanager", Delivered()).event.seq == 0
    assert due(outbox, at(330), "alertmanager") == []
    assert attempt(outbox, at(331), "alertmanager", Delivered()).event.seq == 0
    resolved = attempt(outbox, at(331), "alertmanager", Delivered())
    assert resolved.event.seq == 1
    assert resolved.accepted == (Accepted(seq=0, severity="warning", at=at(1)),)
    assert due(outbox, at(391), "alertmanager") == [("a1", 1)]
    attempt(outbox, at(700), "alertmanager", Delivered())
    assert due(outbox, at(10_000), "alertmanager") == []


def test_an_alert_that_fired_long_enough_resolves_at_once(outbox: Outbox) -> None:
    outbox.add([alert_event(0)], ["alertmanager"], NOW)
    attempt(outbox, NOW, "alertmanager", Delivered())
    attempt(outbox, at(400), "alertmanager", Delivered())
    outbox.add([alert_event(1, state="resolved")], ["alertmanager"], at(401))
    assert attempt(outbox, at(401), "alertmanager", Delivered()).event.seq == 0
    assert attempt(outbox, at(401), "alertmanager", Delivered()).event.seq == 1


def test_it_is_remembered_which_severities_alertmanager_was_told(outbox: Outbox) -> None:
    outbox.add([alert_event(0, severity="watch")], ["alertmanager"], NOW)
    attempt(outbox, NOW, "alertmanager", Delivered())
    outbox.add([alert_event(1, severity="critical")], ["alertmanager"], at(5))
    told = (Accepted(seq=0, severity="watch", at=NOW),)
    assert attempt(outbox, at(5), "alertmanager", Delivered()).accepted == told
    [again] = outbox.due(["alertmanager"], at(65), 100)
    assert again.accepted == (*told, Accepted(seq=1, severity="critical", at=at(5)))


def test_an_event_overtaken_while_it_was_sent_stays_ended_but_counts_as_told(outbox: Outbox) -> None:
    outbox.add([alert_event(0, severity="watch")], ["alertmanager"], NOW)
    [sent] = outbox.due(["alertmanager"], NOW, 100)
    outbox.add([alert_event(1, severity="critical")], ["alertmanager"], NOW)
    outbox.record(sent, next_step(sent, Delivered(), NOW, SETTINGS), NOW)
    [next_one] = outbox.due(["alertmanager"], NOW, 100)
    assert next_one.event.seq == 1
    assert next_one.accepted == (Accepted(seq=0, severity="watch", at=NOW),)


def test_an_older_event_that_comes_later_is_not_posted(outbox: Outbox) -> None:
    outbox.add([alert_event(1)], RECEIVERS, NOW)
    outbox.add([alert_event(0)], RECEIVERS, at(1))
    assert due(outbox, at(1), "alertmanager") == [("a1", 1)]
    assert due(outbox, at(1), "webhook") == [("a1", 0)]


def test_the_longest_due_come_first_and_no_more_than_asked(outbox: Outbox) -> None:
    for n in range(5):
        outbox.add([alert_event(id=f"a{n}")], ["webhook"], at(-n))
    found = outbox.due(["webhook"], NOW, 3)
    assert [delivery.event.id for delivery in found] == ["a4", "a3", "a2"]


def test_counts_tell_pending_from_firing_from_refused(outbox: Outbox) -> None:
    def stand(receiver: Receiver) -> tuple[int, int, int, datetime | None]:
        waiting = outbox.waiting()[receiver]
        return (waiting.pending, waiting.firing, waiting.refused, waiting.oldest)

    assert outbox.waiting() == {}
    outbox.add([alert_event(0)], RECEIVERS, NOW)
    outbox.add([alert_event(1)], ["webhook"], at(1))
    assert stand("webhook") == (2, 0, 0, NOW)
    attempt(outbox, at(1), "webhook", Refused("no"))
    attempt(outbox, at(1), "alertmanager", Delivered())
    assert stand("webhook") == (1, 0, 1, at(1))
    assert stand("alertmanager") == (0, 1, 0, None)


def test_runs_do_not_mix_and_a_deleted_run_sends_no_more(store: Store) -> None:
    live, replay = Outbox(store, "live"), Outbox(store, "lehman")

    def events(run: str) -> list[AlertEvent]:
        return [alert_event(id=run, run=run)]

    live.add(events("live"), ["webhook"], NOW)
    replay.add(events("lehman"), ["webhook"], NOW)
    assert due(live, NOW, "webhook") == [("live", 0)]
    store.delete_run("lehman")
    assert due(replay, NOW, "webhook") == []
    assert due(live, NOW, "webhook") == [("live", 0)]
