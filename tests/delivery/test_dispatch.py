"""One turn of everything, through a real Alertmanager, a real mail server and real webhooks, with parts away.

Time is an argument: the first turns of a test are made at times before the wall clock, which is
Alertmanager's, and the last at the wall clock itself.
"""

from __future__ import annotations

import email
import email.policy
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller

from alerts.delivery import Drained
from alerts.events import AlertEvent
from pipeline.dispatch import open_dispatch
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.store import Outbox, Store, actions
from tests.records import alert_event
from tests.servers import (
    Post,
    Server,
    WebhookReceiver,
    alertmanager_config,
    free_port,
    start_alertmanager,
)


def now(ago: float = 0) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=ago)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


@pytest.fixture
def alertmanager(hook: WebhookReceiver) -> Iterator[Server]:
    with start_alertmanager(alertmanager_config(hook.url)) as server:
        yield server


class Desk:
    """A run's dispatch over a store; it is opened anew for every turn, as by a worker that was restarted."""

    def __init__(
        self, store: Store, delivery: dict[str, Any], environ: dict[str, str], run: str = "live"
    ) -> None:
        self.store, self.environ = store, environ
        self.settings = Settings(run=run, delivery=delivery)  # type: ignore[arg-type]

    def hears(self, *events: AlertEvent, ago: float = 0) -> None:
        self.store.write_alerts(events)
        Outbox(self.store, self.settings.run).enqueue(events, self.settings.delivery, now(ago))

    def turn(self, ago: float = 0) -> Drained:
        with open_dispatch(self.store, self.settings, self.environ) as dispatch:
            return dispatch.turn(now(ago))


def notified(posts: list[Post]) -> list[tuple[str, str, str]]:
    return [
        (
            alert["labels"].get("alert_id", alert["labels"]["alertname"]),
            alert["labels"]["severity"],
            alert["status"],
        )
        for post in posts
        for alert in post.json()["alerts"]
    ]


def held(server: Server, silenced: bool = True) -> list[dict[str, Any]]:
    answer = httpx.get(f"{server.url}/api/v2/alerts?silenced={str(silenced).lower()}", trust_env=False)
    answer.raise_for_status()
    alerts: list[dict[str, Any]] = answer.json()
    return alerts


def test_a_mute_and_an_acknowledgement_silence_alertmanager_and_are_lifted(
    store: Store, hook: WebhookReceiver, alertmanager: Server
) -> None:
    desk = Desk(store, {"alertmanager_url": alertmanager.url, "dead_man": False}, {})
    actions.mute(store, run="live", key="financials", until=now(-3600), by="ann", at=now(1))
    desk.hears(alert_event(0), alert_event(0, id="b2", key="gold"))
    desk.turn()
    hook.wait_for(lambda posts: ("b2", "warning", "firing") in notified(posts))
    assert [alert["labels"]["alert_id"] for alert in held(alertmanager, silenced=False)] == ["b2"]
    actions.acknowledge(store, "b2", by="bob", at=now())
    desk.turn()
    assert held(alertmanager, silenced=False) == []
    desk.hears(alert_event(1, id="b2", key="gold", severity="critical", reason="escalated"))
    desk.turn()
    hook.wait_for(lambda posts: ("b2", "critical", "firing") in notified(posts))
    actions.unmute(store, run="live", key="financials", by="ann", at=now())
    desk.turn()
    hook.wait_for(lambda posts: ("a1", "warning", "firing") in notified(posts))
    made = httpx.get(f"{alertmanager.url}/api/v2/silences", trust_env=False).json()
    assert {each["createdBy"] for each in made} == {"tocsin/live"}
    alertmanager.kill()
    alertmanager.start()
    desk.turn()
    again = httpx.get(f"{alertmanager.url}/api/v2/silences", trust_env=False).json()
    assert "b2" in json.dumps([each["matchers"] for each in again if each["status"]["state"] == "active"])


def test_the_dead_mans_switch_fires_in_the_live_run_alone(
    store: Store, hook: WebhookReceiver, alertmanager: Server
) -> None:
    delivery = {"alertmanager_url": alertmanager.url}
    Desk(store, delivery, {}, run="lehman").turn()
    assert held(alertmanager) == []
    actions.mute(store, run="live", key="*", until=now(-3600), by="ann", at=now(1))
    Desk(store, delivery, {}).turn()
    [alert] = held(alertmanager)
    assert alert["labels"]["alertname"] == "TocsinDeadMan"
    assert alert["status"]["state"] == "active", "no mute silences it"
    hook.wait_for(lambda posts: ("TocsinDeadMan", "none", "firing") in notified(posts))


class Inbox:
    """A real SMTP server's mails."""

    def __init__(self) -> None:
        self.subjects: list[str] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.subjects.append(str(mail["Subject"]))
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    box, port = Inbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, f"mailto://127.0.0.1:{port}?from=tocsin@desk.example&to=ann@desk.example"
    finally:
        server.stop()


def test_with_everything_failing_for_a_while_nothing_is_lost_or_doubled(
    store: Store, hook: WebhookReceiver, alertmanager: Server, inbox: tuple[Inbox, str]
) -> None:
    """The bar: Alertmanager down 10 min and restarted twice, receivers answering 500, 429 and 200-but-no."""
    box, mail_url = inbox
    with ExitStack() as stack:
        desk_hook, robot, machine = (stack.enter_context(WebhookReceiver()) for _ in range(3))
        common = {"group_wait": 0, "max_per_hour": 1000, "picture": False}
        desk = Desk(
            store,
            {
                "alertmanager_url": alertmanager.url,
                "webhook_url": machine.url,
                "dead_man": False,
                "resend_interval": 600,
                "routes": [
                    {"name": "desk", "channel": "webhook", "url_env": "DESK", **common},
                    {"name": "ding", "channel": "dingtalk", "url_env": "DING", "language": "zh", **common},
                    {"name": "mail", "channel": "email", "url_env": "MAIL", **common},
                ],
            },
            {"DESK": desk_hook.url, "DING": f"{robot.url}?access_token=x", "MAIL": mail_url},
        )
        machine.answers = [500, 503]
        desk_hook.answers, desk_hook.answer_headers = [500, 429], {"Retry-After": "120"}
        robot.bodies = [b'{"errcode":130101,"errmsg":"send too fast"}', b'{"errcode":-1}']
        robot.answer_body = b'{"errcode":0}'
        box.answers = ["452 4.3.1 disk is full"]

        alertmanager.stop()
        desk.hears(alert_event(0), ago=1500)
        desk.turn(1500)
        desk.hears(alert_event(0, id="b2", key="gold"), ago=1400)
        for ago in (1400, 1340, 1270, 1200, 1100, 1000):
            desk.turn(ago)
        alertmanager.start()
        desk.turn(900)
        desk.hears(alert_event(1, reason="escalated", severity="critical"), ago=800)
        alertmanager.kill()
        desk.turn(800)
        alertmanager.start()
        desk.turn(780)
        desk.hears(alert_event(2, state="resolved", severity="critical"), ago=300)
        desk.turn(300)
        desk.turn(0)
        hook.wait_for(lambda posts: ("a1", "critical", "resolved") in notified(posts))
        assert {("a1", "critical", "firing"), ("b2", "warning", "firing")} <= set(notified(hook.posts))

        taken = [(post.json()["id"], post.json()["seq"]) for post in machine.posts if post.status == 200]
        assert [seq for id, seq in taken if id == "a1"] == [0, 1, 2]
        assert len(taken) == len(set(taken)) == 4

        heard = [
            (event["id"], event["seq"])
            for post in desk_hook.posts
            if post.status == 200
            for event in post.json()["events"]
        ]
        assert heard == [("a1", 0), ("b2", 0), ("a1", 1), ("a1", 2)]
        assert len(robot.posts) == 2 + len([post for post in desk_hook.posts if post.status == 200])
        assert len(box.subjects) == len([post for post in desk_hook.posts if post.status == 200])
        assert box.subjects[-1].startswith("over: financials")

    with open_dispatch(store, desk.settings, desk.environ) as dispatch:
        assert set(dispatch.pending().values()) == {0}
    journal = actions.journal(store, "a1")
    for receiver in ("alertmanager", "webhook", "desk", "ding", "mail"):
        told = [e.detail["seq"] for e in journal if e.action == "delivered" and e.detail["route"] == receiver]
        assert told == sorted(set(told)), receiver
        assert told[-1] == 2


def test_an_alert_carries_its_chart(store: Store, hook: WebhookReceiver) -> None:
    from tests.records import sentiment_minute, sentiment_row

    store.write_sentiment([sentiment_minute(n, 0, sentiment_row(key="financials")) for n in range(10)])
    routes = [{"name": "desk", "channel": "webhook", "url_env": "DESK", "group_wait": 0}]
    desk = Desk(store, {"routes": routes}, {"DESK": hook.url})
    desk.hears(alert_event())
    desk.turn()
    assert hook.posts[0].json()["picture"].startswith("iVBORw0KGgo")


def test_a_route_without_its_variable_stops_the_start(store: Store) -> None:
    routes = [{"name": "desk", "channel": "webhook", "url_env": "DESK"}]
    with pytest.raises(UsageError, match=r"route desk: set the environment variable DESK.*delivery\.routes"):
        Desk(store, {"routes": routes}, {}).turn()
