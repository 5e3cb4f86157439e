"""Through a real Alertmanager to a real receiver.

Alertmanager has the wall clock. So that nobody waits for minutes, the first passes of a test are made at
times that lie before it, and the last at the wall clock itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from alerts.delivery import Drained, drain_once, open_senders
from alerts.settings import DeliverySettings
from pipeline.store import Outbox
from tests.records import alert_event
from tests.servers import Post, Server, WebhookReceiver, alertmanager_config, start_alertmanager

Notified = tuple[str, str, str]


@pytest.fixture
def alertmanager(hook: WebhookReceiver) -> Iterator[Server]:
    with start_alertmanager(alertmanager_config(hook.url)) as server:
        yield server


@pytest.fixture
def settings(alertmanager: Server) -> DeliverySettings:
    """What was posted as firing up to 40 minutes ago still fires now."""
    return DeliverySettings(alertmanager_url=alertmanager.url, resend_interval=600, minimum_firing=330)


@pytest.fixture
def drain(outbox: Outbox, settings: DeliverySettings) -> Callable[[float], Drained]:
    def one_pass(ago: float) -> Drained:
        with open_senders(settings) as senders:
            return drain_once(outbox, senders, now(ago), settings)

    return one_pass


def now(ago: float = 0) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=ago)


def notified(posts: list[Post]) -> list[Notified]:
    """Id, severity and status of every alert in every notification, in order."""
    found = []
    for post in posts:
        for alert in post.json()["alerts"]:
            labels = alert["labels"]
            found.append((labels["alert_id"], labels["severity"], alert["status"]))
    return found


def has(*wanted: Notified) -> Callable[[list[Post]], bool]:
    return lambda posts: set(wanted) <= set(notified(posts))


def held(server: Server) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.url}/api/v2/alerts", trust_env=False)
    answer.raise_for_status()
    alerts: list[dict[str, Any]] = answer.json()
    return alerts


def test_an_alert_fires_and_resolves(
    hook: WebhookReceiver, outbox: Outbox, drain: Callable[[float], Drained]
) -> None:
    outbox.add([alert_event(0)], ["alertmanager"], now(400))
    assert drain(400).counts() == {("alertmanager", "delivered"): 1}
    [post] = hook.wait_for(has(("a1", "warning", "firing")))
    annotations = post.json()["alerts"][0]["annotations"]
    assert annotations["started_at"] == "2008-09-15T04:30:00.000Z"
    assert "Bank files for bankruptcy" in annotations["evidence"]

    outbox.add([alert_event(1, state="resolved")], ["alertmanager"], now(390))
    drain(390)
    assert [status for _, _, status in notified(hook.posts)] == ["firing"], "it has not fired for long enough"
    drain(0)
    hook.wait_for(has(("a1", "warning", "resolved")))


def test_an_alert_that_is_over_before_the_first_post_is_told_all_the_same(
    hook: WebhookReceiver, outbox: Outbox, drain: Callable[[float], Drained]
) -> None:
    outbox.add([alert_event(0), alert_event(1, state="resolved")], ["alertmanager"], now(331))
    drain(331)
    hook.wait_for(has(("a1", "warning", "firing")))
    drain(0)
    hook.wait_for(has(("a1", "warning", "resolved")))


def test_an_escalation_fires_anew_and_ends_the_severity_before(
    hook: WebhookReceiver, outbox: Outbox, alertmanager: Server, drain: Callable[[float], Drained]
) -> None:
    outbox.add([alert_event(0, severity="watch")], ["alertmanager"], now(700))
    drain(700)
    hook.wait_for(has(("a1", "watch", "firing")))
    outbox.add([alert_event(1, severity="critical")], ["alertmanager"], now(350))
    drain(350)
    hook.wait_for(has(("a1", "critical", "firing"), ("a1", "watch", "resolved")))
    assert [alert["labels"]["severity"] for alert in held(alertmanager)] == ["critical"]

    outbox.add([alert_event(2, state="resolved", severity="critical")], ["alertmanager"], now())
    drain(0)
    hook.wait_for(has(("a1", "critical", "resolved")))
    assert held(alertmanager) == []


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_an_alertmanager_that_forgot_everything_still_tells_of_the_end(
    hook: WebhookReceiver,
    outbox: Outbox,
    alertmanager: Server,
    drain: Callable[[float], Drained],
    how: str,
) -> None:
    outbox.add([alert_event(0)], ["alertmanager"], now(1400))
    drain(1400)
    hook.wait_for(has(("a1", "warning", "firing")))
    getattr(alertmanager, how)()
    down = drain(790)
    assert down.counts() == {("alertmanager", "retried"): 1}
    assert "cannot be reached" in down.results[0].reason
    alertmanager.start()
    assert held(alertmanager) == []

    drain(780)
    assert len(held(alertmanager)) == 1
    if how == "kill":
        hook.wait_for(lambda posts: notified(posts).count(("a1", "warning", "firing")) == 2)
    outbox.add([alert_event(1, state="resolved")], ["alertmanager"], now())
    drain(0)
    hook.wait_for(has(("a1", "warning", "resolved")))


def test_what_was_queued_while_it_was_down_is_delivered(
    hook: WebhookReceiver, outbox: Outbox, alertmanager: Server, drain: Callable[[float], Drained]
) -> None:
    alertmanager.stop()
    outbox.add([alert_event(id=f"a{n}") for n in range(3)], ["alertmanager"], now(60))
    assert drain(60).counts() == {("alertmanager", "retried"): 1}
    assert outbox.waiting()["alertmanager"].pending == 3
    alertmanager.start()
    assert drain(0).counts() == {("alertmanager", "delivered"): 3}
    hook.wait_for(has(*((f"a{n}", "warning", "firing") for n in range(3))))


def test_two_alerts_of_one_key_are_two_alerts(
    hook: WebhookReceiver, outbox: Outbox, drain: Callable[[float], Drained]
) -> None:
    outbox.add(
        [alert_event(0), alert_event(1, state="resolved"), alert_event(0, id="a2")],
        ["alertmanager"],
        now(331),
    )
    drain(331)
    hook.wait_for(has(("a1", "warning", "firing"), ("a2", "warning", "firing")))
    drain(0)
    hook.wait_for(has(("a1", "warning", "resolved")))
    assert ("a2", "warning", "resolved") not in notified(hook.posts)


def test_what_alertmanager_refuses_is_kept_with_its_reason(
    outbox: Outbox, alertmanager: Server, settings: DeliverySettings
) -> None:
    elsewhere = settings.model_copy(update={"alertmanager_url": f"{alertmanager.url}/elsewhere"})
    outbox.add([alert_event(0)], ["alertmanager"], now())
    with open_senders(elsewhere) as senders:
        drained = drain_once(outbox, senders, now(), elsewhere)
    assert drained.counts() == {("alertmanager", "refused"): 1}
    assert "404" in outbox.refused()[0].reason


def test_a_webhook_that_fails_gets_the_event_again_under_the_same_key(
    hook: WebhookReceiver, outbox: Outbox
) -> None:
    settings = DeliverySettings(webhook_url=hook.url)
    hook.answers = [500, 503]
    outbox.add([alert_event(0), alert_event(1, state="resolved")], ["webhook"], now(5))
    with open_senders(settings) as senders:
        verdicts = [drain_once(outbox, senders, now(ago), settings).counts() for ago in (5, 3, 0)]
    assert verdicts == [
        {("webhook", "retried"): 1},
        {("webhook", "retried"): 1},
        {("webhook", "delivered"): 2},
    ]
    keys = [post.headers["Idempotency-Key"] for post in hook.posts]
    assert keys == ["a1/0/webhook", "a1/0/webhook", "a1/0/webhook", "a1/1/webhook"]
    assert outbox.waiting()["webhook"].pending == 0
