from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from alerts.delivery import Accepted, Delivered, Delivery, Receiver, Refused, Retry, next_step, receivers
from alerts.delivery.schedule import RECEIVERS
from alerts.settings import DeliverySettings
from tests.records import alert_event

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = DeliverySettings(
    resend_interval=60, minimum_firing=330, resolved_resend=300, max_backoff=600, timeout=5
)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def on_the_way(receiver: Receiver = "alertmanager", state: str = "firing", **fields: object) -> Delivery:
    event = alert_event(0, state=state)
    return Delivery(receiver=receiver, event=event, enqueued_at=NOW, **fields)  # type: ignore[arg-type]


def test_a_webhook_is_done_when_it_accepted() -> None:
    step = next_step(on_the_way("webhook"), Delivered(), at(1), SETTINGS)
    assert (step.next_attempt_at, step.first_success_at, step.refused) == (None, at(1), False)


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_what_was_refused_is_not_tried_again(receiver: Receiver) -> None:
    step = next_step(on_the_way(receiver), Refused("400: bad label"), NOW, SETTINGS)
    assert (step.next_attempt_at, step.refused, step.error) == (None, True, "400: bad label")


def test_pauses_double_up_to_the_limit() -> None:
    pauses = []
    delivery = on_the_way("webhook")
    for _ in range(12):
        step = next_step(delivery, Retry("503"), NOW, SETTINGS)
        assert step.next_attempt_at is not None
        pauses.append((step.next_attempt_at - NOW).total_seconds())
        delivery = on_the_way("webhook", failures=step.failures)
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]


def test_a_receiver_that_asks_for_a_pause_gets_it_within_the_limit() -> None:
    for asked, given_ in ((20, 20), (0.1, 1), (10_000, 600)):
        step = next_step(on_the_way("webhook"), Retry("429", after=asked), NOW, SETTINGS)
        assert step.next_attempt_at == at(given_)


def test_alertmanager_is_retried_before_what_it_holds_expires() -> None:
    step = next_step(on_the_way(failures=30), Retry("down"), NOW, SETTINGS)
    assert step.next_attempt_at == at(60)


def test_a_success_forgets_the_failures_before_it() -> None:
    step = next_step(on_the_way(failures=7), Delivered(), NOW, SETTINGS)
    assert (step.failures, step.error) == (0, "")


def test_a_firing_alert_is_posted_again_for_ever() -> None:
    delivery = on_the_way(first_success_at=NOW)
    step = next_step(delivery, Delivered(), at(1_000_000), SETTINGS)
    assert step.next_attempt_at == at(1_000_060)
    assert step.first_success_at == NOW


def test_a_resolved_alert_is_posted_for_a_while_counted_from_the_first_acceptance() -> None:
    first = next_step(on_the_way(state="resolved"), Delivered(), at(5000), SETTINGS)
    assert (first.next_attempt_at, first.first_success_at) == (at(5060), at(5000))
    told = on_the_way(state="resolved", first_success_at=at(5000))
    assert next_step(told, Delivered(), at(5290), SETTINGS).next_attempt_at == at(5300)
    assert next_step(told, Delivered(), at(5300), SETTINGS).next_attempt_at is None


def test_an_alert_fires_for_the_minimum_before_a_waiting_event_takes_over() -> None:
    told = (Accepted(seq=0, severity="warning", at=NOW),)
    fresh = on_the_way(first_success_at=NOW, accepted=told, newer_waits=True)
    assert next_step(fresh, Delivered(), at(10), SETTINGS).next_attempt_at == at(70)
    assert next_step(fresh, Delivered(), at(300), SETTINGS).next_attempt_at == at(330)
    assert next_step(fresh, Delivered(), at(330), SETTINGS).next_attempt_at is None


def test_an_escalated_severity_fires_for_the_minimum_of_its_own() -> None:
    told = (
        Accepted(seq=0, severity="watch", at=at(-900)),
        Accepted(seq=1, severity="warning", at=at(-300)),
        Accepted(seq=2, severity="warning", at=at(-5)),
    )
    escalated = on_the_way(first_success_at=at(-5), accepted=told, newer_waits=True)
    assert next_step(escalated, Delivered(), at(0), SETTINGS).next_attempt_at == at(30)


@given(
    receiver=st.sampled_from(RECEIVERS),
    state=st.sampled_from(["firing", "resolved"]),
    failures=st.integers(0, 10_000),
    told=st.none() | st.integers(-10_000, 0),
    waits=st.booleans(),
    outcome=st.sampled_from([Delivered(), Retry("x"), Retry("x", after=1e9), Refused("x")]),
)
def test_every_step_ends_or_moves_on(
    receiver: Receiver,
    state: str,
    failures: int,
    told: int | None,
    waits: bool,
    outcome: Delivered | Retry | Refused,
) -> None:
    first = None if told is None else at(told)
    delivery = on_the_way(receiver, state, failures=failures, first_success_at=first, newer_waits=waits)
    step = next_step(delivery, outcome, NOW, SETTINGS)
    if step.next_attempt_at is not None:
        assert NOW < step.next_attempt_at <= at(SETTINGS.max_backoff)
    assert (step.next_attempt_at is None) or not step.refused
    if first is not None:
        assert step.first_success_at == first
    assert isinstance(outcome, Delivered) == (step.error == "")
    if isinstance(outcome, Retry):
        assert step.next_attempt_at is not None, "what may succeed later is never given up"


def test_receivers_are_those_with_a_url() -> None:
    assert receivers(DeliverySettings()) == ()
    assert receivers(DeliverySettings(webhook_url="http://127.0.0.1:1/")) == ("webhook",)
    both = DeliverySettings(webhook_url="https://a.example", alertmanager_url="http://am:9093/base")
    assert receivers(both) == ("alertmanager", "webhook")


@pytest.mark.parametrize(
    "url", ["ftp://host/", "host:9093", "http://", "http://u:s3cret@host/", "http://host/a b", "http://h\n/"]
)
def test_a_wrong_url_is_refused_without_its_secrets(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        DeliverySettings(alertmanager_url=url)
    assert "s3cret" not in str(refused.value)


def test_a_token_goes_over_https_or_stays_on_this_machine() -> None:
    token = SecretStr("s3cret")
    for url in ("https://hook.example/x", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost/"):
        settings = DeliverySettings(webhook_url=url, webhook_token=token)
        assert "s3cret" not in repr(settings)
    with pytest.raises(ValidationError, match="https"):
        DeliverySettings(webhook_url="http://hook.example/x", webhook_token=token)
