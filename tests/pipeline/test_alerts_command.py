"""`tocsin alerts` as a person and as a program use it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.cli.moments import moment_after
from pipeline.errors import UsageError
from pipeline.store import Store
from tests.records import alert_event, evidence
from tests.servers import WebhookReceiver

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOSTILE = "[bold red]Bank\x1b[31m fails[/] \u202eevil"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Store.open("sqlite:///.tocsin/tocsin.db")


def call(*args: str) -> Result:
    return CliRunner().invoke(app, ["alerts", *args], catch_exceptions=False)


def said(*args: str) -> str:
    result = call(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def value(*args: str) -> Any:
    return json.loads(said(*args, "--json"))


def refusal(*args: str) -> str:
    with pytest.raises(UsageError) as refused:
        call(*args)
    return str(refused.value)


def test_an_empty_store_says_so_and_names_the_runs_there_are(store: Store) -> None:
    assert said("list") == "No alerts of run live are in the store.\n"
    assert "No journal entries of run live" in said("journal")
    store.write_alerts([alert_event(run="lehman")])
    assert "The store has the runs lehman: name one with --run" in said("list")
    assert value("list") == []


def test_a_person_reads_acknowledges_mutes_and_judges(store: Store) -> None:
    store.write_alerts([alert_event(), alert_event(id="b2", key="gold", severity="watch")])
    assert [each["alert"]["id"] for each in value("list")] == ["b2", "a1"]
    assert [each["alert"]["id"] for each in value("list", "--severity", "warning")] == ["a1"]
    assert value("list", "--state", "resolved") == []
    shown = said("show", "a")
    for part in ("Bank files for bankruptcy", "pending", "fired", "tocsin alerts ack a1 --run live"):
        assert part in shown
    assert "acknowledged by ann" in said("ack", "a1", "--by", "ann", "--note", "on it")
    muted = said("mute", "financials", "--until", "2h", "--by", "ann", "--reason", "known")
    assert "tocsin alerts unmute financials --run live" in muted
    assert [mute["key"] for mute in value("mutes")] == ["financials"]
    assert value("verdict", "a1", "useful", "--by", "bob")["verdict"] == "useful"
    assert "notifies again" in said("unmute", "financials", "--by", "ann")
    assert "was not muted" in said("unmute", "financials")
    actions = [entry["action"] for entry in value("journal", "a1")]
    assert actions == ["pending", "fired", "acknowledged", "muted", "verdict", "unmuted"]
    assert "seen by ann, useful (bob)" in said("list")
    assert {entry["id"] for entry in value("journal")} == {"a1", "b2", "mute/live/financials"}


def test_what_cannot_be_done_is_said(store: Store) -> None:
    store.write_alerts([alert_event(id="aa"), alert_event(id="ab", key="gold")])
    assert "no alert zz" in refusal("show", "zz")
    assert "may be any of aa, ab" in refusal("ack", "a")
    assert "is no moment: write 30m, 2h" in refusal("mute", "gold", "--until", "soon")
    assert "is past" in refusal("mute", "gold", "--until", "2001-01-01")
    assert "useful or noise" in refusal("verdict", "aa", "great")
    assert "--state open: firing or resolved" in refusal("list", "--state", "open")


def test_a_hostile_headline_is_shown_as_text(store: Store) -> None:
    store.write_alerts([alert_event(evidence=(evidence(title=HOSTILE),))])
    said("ack", "a1", "--by", HOSTILE)
    shown = said("show", "a1") + said("list") + said("journal")
    assert "[bold red]Bank [31m fails[/] evil" in shown
    assert "\x1b" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("3d", timedelta(days=3)),
        ("1w", timedelta(7)),
    ],
)
def test_durations(text: str, after: timedelta) -> None:
    assert moment_after(text, NOW) == NOW + after


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment_after("2026-02-01T08:00", NOW) == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert moment_after("2026-02-01T08:00+02:00", NOW) == datetime(2026, 2, 1, 6, tzinfo=UTC)


ROUTES = """
[delivery]
webhook_url = "{machine}"
[[delivery.routes]]
name = "desk"
channel = "webhook"
url_env = "DESK_URL"
runs = "all"
group_wait = 0
[[delivery.routes]]
name = "robot"
channel = "dingtalk"
url_env = "ROBOT_URL"
language = "zh"
"""


@pytest.fixture
def hooks(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WebhookReceiver]]:
    with WebhookReceiver() as machine, WebhookReceiver() as desk, WebhookReceiver() as robot:
        Path("tocsin.toml").write_text(ROUTES.format(machine=machine.url))
        monkeypatch.setenv("DESK_URL", desk.url)
        monkeypatch.setenv("ROBOT_URL", f"{robot.url}?access_token=s3cret")
        yield [machine, desk, robot]


def test_a_test_goes_to_every_route_and_tells_how_each_ended(hooks: list[WebhookReceiver]) -> None:
    machine, desk, robot = hooks
    robot.answer_body = b'{"errcode":310000,"errmsg":"sign not match"}'
    result = call("test")
    assert result.exit_code == 1
    assert "desk" in result.stdout
    assert "310000: sign not match" in result.stdout
    assert "s3cret" not in result.stdout
    assert desk.posts[0].json()["title"].startswith("[test] watch: financials, 21 negative stories")
    assert "[测试]" in robot.posts[0].json()["markdown"]["title"]
    assert machine.posts[0].json()["id"].startswith("test-")
    robot.answer_body = b'{"errcode":0}'
    assert [each["delivered"] for each in value("test")] == [True, True, True]
    assert [each["name"] for each in value("test", "--route", "desk")] == ["desk"]
    assert "There is no route x" in refusal("test", "--route", "x")


def test_a_missing_variable_fails_its_own_route_alone(
    hooks: list[WebhookReceiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks[2].answer_body = b'{"errcode":0}'
    monkeypatch.delenv("DESK_URL")
    result = call("test", "--json")
    assert result.exit_code == 1
    tried = {each["name"]: each for each in json.loads(result.stdout)}
    assert "set the environment variable DESK_URL" in tried["desk"]["reason"]
    assert tried["robot"]["delivered"]


def test_a_stored_replay_is_told_once_to_routes_that_want_replays(
    store: Store, hooks: list[WebhookReceiver]
) -> None:
    machine, desk, robot = hooks
    events = [alert_event(0, run="lehman"), alert_event(1, run="lehman", state="resolved")]
    store.write_alerts(events)
    desk.answers = [500]
    told = value("deliver", "--run", "lehman")
    assert told["delivered"] == {"webhook": 2, "desk": 1}
    assert told["waiting"] == {}
    assert "500" in told["trouble"]["desk"]
    assert desk.posts[-1].json()["title"].startswith("[replay lehman] over: financials")
    assert robot.posts == []
    assert value("deliver", "--run", "lehman")["delivered"] == {}
    assert len(machine.posts) == 2
    assert "live run's worker delivers" in refusal("deliver")
