from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from alerts.delivery import Delivered, Delivery, Drained, Outcome, Receiver, Refused, Retry, drain_once
from alerts.delivery.schedule import RECEIVERS
from alerts.settings import DeliverySettings
from pipeline.store import Outbox
from tests.records import alert_event

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = DeliverySettings(resend_interval=60, minimum_firing=330, resolved_resend=300)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


class Scripted:
    """A receiver that answers as told, then accepts everything."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.got: list[tuple[str, int]] = []

    def send(self, delivery: Delivery, now: datetime) -> Outcome:
        self.got.append((delivery.event.id, delivery.event.seq))
        return self.outcomes.pop(0) if self.outcomes else Delivered()


def drain(outbox: Outbox, now: datetime, limit: int = 500, **senders: Scripted) -> Drained:
    named: dict[Receiver, Scripted] = {name: senders[name] for name in RECEIVERS if name in senders}
    return drain_once(outbox, named, now, SETTINGS, limit=limit)


def test_one_pass_sends_all_events_of_an_alert_in_order(outbox: Outbox) -> None:
    webhook, alertmanager = Scripted(), Scripted()
    events = [alert_event(0), alert_event(1), alert_event(2, state="resolved")]
    outbox.add(events, RECEIVERS, NOW)
    drained = drain(outbox, at(2), webhook=webhook, alertmanager=alertmanager)
    assert webhook.got == [("a1", 0), ("a1", 1), ("a1", 2)]
    assert alertmanager.got == [("a1", 1)]
    assert drained.counts() == {("webhook", "delivered"): 3, ("alertmanager", "delivered"): 1}
    assert [result.waited for result in drained.results] == [2.0] * 4
    assert drain(outbox, at(3), webhook=webhook, alertmanager=alertmanager).results == ()


def test_an_event_that_fails_holds_up_its_own_alert_only(outbox: Outbox) -> None:
    webhook = Scripted(Retry("500"))
    outbox.add([alert_event(0), alert_event(1), alert_event(0, id="b")], ["webhook"], NOW)
    drained = drain(outbox, NOW, webhook=webhook)
    assert webhook.got == [("a1", 0), ("b", 0)]
    assert [(result.verdict, result.reason) for result in drained.results] == [
        ("retried", "500"),
        ("delivered", ""),
    ]
    drain(outbox, at(1), webhook=webhook)
    assert webhook.got[2:] == [("a1", 0), ("a1", 1)]


def test_a_receiver_that_cannot_be_reached_is_tried_once_a_pass_and_others_go_on(outbox: Outbox) -> None:
    webhook, alertmanager = Scripted(), Scripted(Retry("down", unreachable=True))
    outbox.add([alert_event(id=str(n)) for n in range(5)], RECEIVERS, NOW)
    drained = drain(outbox, NOW, webhook=webhook, alertmanager=alertmanager)
    assert drained.counts() == {("webhook", "delivered"): 5, ("alertmanager", "retried"): 1}
    assert outbox.waiting()["alertmanager"].pending == 5
    again = drain(outbox, at(1), webhook=webhook, alertmanager=alertmanager)
    assert again.counts() == {("alertmanager", "delivered"): 5}


def test_a_refused_event_is_counted_with_its_reason(outbox: Outbox) -> None:
    outbox.add([alert_event(0), alert_event(1)], ["webhook"], NOW)
    drained = drain(outbox, NOW, webhook=Scripted(Refused("400: no")))
    assert [(result.verdict, result.reason) for result in drained.results] == [
        ("refused", "400: no"),
        ("delivered", ""),
    ]
    assert [refusal.reason for refusal in outbox.refused()] == ["400: no"]


def test_posting_again_is_not_a_first_delivery(outbox: Outbox) -> None:
    alertmanager = Scripted()
    outbox.add([alert_event(0)], ["alertmanager"], NOW)
    drain(outbox, NOW, alertmanager=alertmanager)
    [result] = drain(outbox, at(60), alertmanager=alertmanager).results
    assert (result.verdict, result.waited) == ("delivered", None)


def test_a_pass_ends_at_its_limit_and_the_next_goes_on(outbox: Outbox) -> None:
    webhook = Scripted()
    outbox.add([alert_event(seq) for seq in range(5)], ["webhook"], NOW)
    assert len(drain(outbox, NOW, limit=3, webhook=webhook).results) == 3
    assert len(drain(outbox, NOW, limit=3, webhook=webhook).results) == 2
    assert [seq for _, seq in webhook.got] == [0, 1, 2, 3, 4]


def test_receivers_that_are_switched_off_keep_their_queue(outbox: Outbox) -> None:
    outbox.add([alert_event()], RECEIVERS, NOW)
    assert drain(outbox, NOW).results == ()
    assert outbox.waiting()["webhook"].pending == 1


def test_results_are_plain_values(outbox: Outbox) -> None:
    outbox.add([alert_event()], ["webhook"], NOW)
    drained = drain(outbox, NOW, webhook=Scripted())
    assert msgspec.json.decode(msgspec.json.encode(drained), type=Drained) == drained
