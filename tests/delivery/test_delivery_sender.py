from __future__ import annotations

import logging
import socket
from datetime import UTC, datetime

import msgspec
import pytest
from pydantic import SecretStr

from alerts.delivery import Delivered, Delivery, Outcome, Refused, Retry, open_senders
from alerts.events import AlertEvent
from alerts.settings import DeliverySettings
from tests.records import alert_event
from tests.servers import WebhookReceiver, free_port

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DELIVERY = Delivery(receiver="webhook", event=alert_event(), enqueued_at=NOW)


def send(settings: DeliverySettings) -> Outcome:
    with open_senders(settings) as senders:
        return senders["webhook"].send(DELIVERY, NOW)


def test_an_event_arrives_as_json_with_its_key_and_token(hook: WebhookReceiver) -> None:
    assert send(DeliverySettings(webhook_url=hook.url, webhook_token=SecretStr("s3cret"))) == Delivered()
    [post] = hook.posts
    assert msgspec.json.decode(post.body, type=AlertEvent) == alert_event()
    assert post.path == "/hook"
    assert post.headers["Idempotency-Key"] == "a1/0/webhook"
    assert post.headers["Content-Type"] == "application/json"
    assert post.headers["Authorization"] == "Bearer s3cret"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_client_error_is_refused_with_what_the_receiver_said(hook: WebhookReceiver, status: int) -> None:
    hook.answers = [status]
    host = hook.url.removesuffix("/hook")
    assert send(DeliverySettings(webhook_url=hook.url)) == Refused(
        f"{host} answered {status}: ‹b›as told‹/b›"
    )


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_trouble_of_the_receiver_is_retried(hook: WebhookReceiver, status: int) -> None:
    hook.answers = [status]
    outcome = send(DeliverySettings(webhook_url=hook.url))
    assert isinstance(outcome, Retry)
    assert f"answered {status}" in outcome.reason
    assert not outcome.unreachable


def test_a_redirect_is_refused_and_not_followed(hook: WebhookReceiver) -> None:
    hook.answers, hook.answer_headers = [307], {"Location": hook.url + "/elsewhere"}
    outcome = send(DeliverySettings(webhook_url=hook.url))
    assert isinstance(outcome, Refused)
    assert "final URL" in outcome.reason
    assert len(hook.posts) == 1


@pytest.mark.parametrize(
    ("said", "after"), [("120", 120.0), ("Fri, 01 Jan 2027 00:00:00 GMT", None), ("²", None)]
)
def test_a_pause_that_was_asked_for_is_told(hook: WebhookReceiver, said: str, after: float | None) -> None:
    hook.answers = [429]
    hook.answer_headers = {"Retry-After": said.encode("utf-8").decode("latin-1")}
    outcome = send(DeliverySettings(webhook_url=hook.url))
    assert isinstance(outcome, Retry)
    assert outcome.after == after


def test_nobody_there_is_retried_and_messages_keep_the_path_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outcome = send(
        DeliverySettings(webhook_url=f"http://127.0.0.1:{free_port()}/services/s3cret?token=s3cret")
    )
    assert isinstance(outcome, Retry)
    assert outcome.unreachable
    assert "cannot be reached" in outcome.reason
    assert "s3cret" not in outcome.reason + caplog.text


def test_success_leaves_no_url_in_the_log(hook: WebhookReceiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    send(DeliverySettings(webhook_url=hook.url + "/s3cret"))
    assert "s3cret" not in caplog.text


def test_no_answer_in_time_is_retried() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        outcome = send(DeliverySettings(webhook_url=f"http://127.0.0.1:{port}/", timeout=0.2))
    assert outcome == Retry(f"http://127.0.0.1:{port} did not answer in time", unreachable=True)


def test_no_url_no_sender(hook: WebhookReceiver) -> None:
    with open_senders(DeliverySettings()) as senders:
        assert dict(senders) == {}
    with open_senders(DeliverySettings(webhook_url=hook.url)) as senders:
        assert set(senders) == {"webhook"}
