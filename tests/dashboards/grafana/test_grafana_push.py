"""A push against a server that speaks Grafana's API: it repeats well, fails loudly, and keeps the token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from dashboards.grafana.client import Grafana, GrafanaError, UnknownOutcomeError
from dashboards.grafana.plan import Found, Wanted, compare
from dashboards.grafana.provisioning import Addresses
from dashboards.grafana.push import PushStoppedError, carry_out, planned
from dashboards.grafana.tongue import Tongue
from dashboards.grafana.wanted import wanted
from pipeline.cli.main import app
from pipeline.errors import TocsinError, UsageError
from tests.dashboards.grafana.stub import TOKEN, StubGrafana

ALL = wanted([Tongue("en")], Addresses(), "hunter2")


@pytest.fixture
def stub() -> Iterator[StubGrafana]:
    with StubGrafana() as serving:
        yield serving


def client(stub: StubGrafana, token: str = TOKEN, timeout: float = 10) -> Grafana:
    return Grafana(stub.url, token, timeout=timeout)


def push(stub: StubGrafana) -> list[str]:
    grafana = client(stub)
    return [change.wanted.name for change in carry_out(grafana, planned(grafana, ALL))]


def test_a_push_brings_everything_and_a_second_one_writes_nothing(stub: StubGrafana) -> None:
    done = push(stub)
    assert done == [each.name for each in ALL]
    assert set(stub.sources) == {"tocsin-postgres", "tocsin-prometheus", "tocsin-alertmanager"}
    assert stub.sources["tocsin-postgres"]["secureJsonData"] == {"password": "hunter2"}
    assert stub.points["tocsin-alertmanager"]["name"] == "Tocsin Alertmanager"
    assert {board["meta"]["folderUid"] for board in stub.boards.values()} == {"tocsin"}
    assert len(stub.boards) == 6
    writes = len(stub.writes)
    assert push(stub) == []
    assert len(stub.writes) == writes, "Grafana's own additions are no difference"


def test_what_somebody_changed_is_shown_and_put_right(stub: StubGrafana) -> None:
    push(stub)
    stub.boards["tocsin-topic"]["dashboard"]["title"] = "Mine"
    stub.boards["tocsin-model"]["meta"]["folderUid"] = ""
    stub.folders["tocsin"]["title"] = "Old"
    stub.sources["tocsin-prometheus"]["url"] = "http://old:9090"
    stub.points["tocsin-alertmanager"]["settings"] = {"url": "http://old:9093"}
    changes = {change.wanted.name: change for change in planned(client(stub), ALL) if change.action != "keep"}
    assert {change.action for change in changes.values()} == {"update"}
    assert "-folder: none" in changes["dashboard tocsin-model"].difference
    told = changes["dashboard tocsin-topic"].difference
    assert any(line.startswith("-") and "Mine" in line for line in told)
    assert push(stub) == list(changes)
    assert stub.boards["tocsin-topic"]["dashboard"]["version"] == 2
    assert push(stub) == []


def test_a_dashboard_changed_between_look_and_write_is_not_overwritten(stub: StubGrafana) -> None:
    push(stub)
    stub.boards["tocsin-topic"]["dashboard"]["title"] = "Mine"
    grafana = client(stub)
    changes = planned(grafana, ALL)
    stub.boards["tocsin-topic"]["dashboard"] |= {"title": "Mine, too", "version": 7}
    with pytest.raises(PushStoppedError, match="somebody changed it in the meantime") as stopped:
        carry_out(grafana, changes)
    assert stub.boards["tocsin-topic"]["dashboard"]["title"] == "Mine, too"
    assert [change.wanted.name for change in stopped.value.left] == ["dashboard tocsin-topic"]


def answers(status: int, body: Any, when: str) -> Any:
    return lambda method, path: (status, body) if f"{method} {path}" == when else None


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, {"message": "invalid"}, r"\(400\): Grafana does not take it. Grafana says: invalid"),
        (403, {"message": "no"}, "the token may not do this"),
        (404, "404 page not found", "is .* the whole address"),
        (409, {"message": "exists"}, "in conflict"),
        (412, {"status": "version-mismatch"}, "somebody changed it in the meantime"),
        (412, {"status": "name-exists"}, "another dashboard of this title"),
        (412, {"status": "plugin-dashboard"}, "belongs to a plugin"),
        (412, {}, "in conflict"),
        (429, {"message": "slow down"}, "asks for a pause"),
        (500, {"message": "\x1b[31mboom <b>"}, r"\(500\): Grafana failed.* Grafana says: \[31mboom <b>"),
        (502, "<html>a message from the proxy</html>", r"\(502\): Grafana failed"),
        (503, [], r"\(503\): Grafana failed"),
    ],
)
def test_a_refused_write_says_why_what_was_written_and_what_was_not(
    stub: StubGrafana, status: int, body: Any, says: str
) -> None:
    stub.fail = lambda method, path: (
        (status, body) if path == "/api/dashboards/db" and len(stub.boards) == 2 else None
    )
    with pytest.raises(PushStoppedError, match=says) as stopped:
        push(stub)
    names = [each.name for each in ALL]
    assert [change.wanted.name for change in stopped.value.done] == names[:7]
    assert [change.wanted.name for change in stopped.value.left] == names[7:]
    for name in names:
        assert name in str(stopped.value)
    stub.fail = lambda method, path: None
    assert push(stub) == names[7:], "the next push goes on where this one stopped"


def test_nothing_is_written_where_something_cannot_be_read(stub: StubGrafana) -> None:
    stub.fail = answers(500, {"message": "boom"}, "GET /api/dashboards/uid/tocsin-pipeline")
    with pytest.raises(GrafanaError, match=r"cannot read dashboard tocsin-pipeline \(500\)"):
        push(stub)
    assert stub.writes == []


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ((401, {"message": "Invalid API key"}), "TOCSIN_GRAFANA_TOKEN is wrong, expired or revoked"),
        ((404, "not here"), "is .* the whole address"),
        ((302, ""), "sends elsewhere"),
        ((200, "<html>a login page</html>"), "not as Grafana does"),
        ((200, {"message": "something else"}), "not as Grafana does"),
        ("hang", "did not answer within 0.2 s"),
    ],
)
def test_an_address_that_is_no_good_is_told_before_anything_else(
    stub: StubGrafana, told: Any, says: str
) -> None:
    stub.fail = lambda method, path: told
    with pytest.raises(GrafanaError, match=says) as error:
        planned(client(stub, timeout=0.2), ALL)
    assert TOKEN not in str(error.value)
    assert len(stub.asked) == 1


def test_a_write_without_an_answer_is_told_as_unknown(stub: StubGrafana) -> None:
    grafana = client(stub, timeout=0.3)
    changes = planned(grafana, ALL)
    stub.fail = lambda method, path: "hang" if method == "POST" and "db" in path else None
    with pytest.raises(PushStoppedError, match="it may have done it: run again") as stopped:
        carry_out(grafana, changes)
    assert isinstance(stopped.value.why, UnknownOutcomeError)


def test_no_server_at_all(stub: StubGrafana) -> None:
    with StubGrafana() as gone:
        pass
    with pytest.raises(GrafanaError, match=r"no connection to http://127\.0\.0\.1"):
        client(gone).check()


def test_what_comes_out_of_a_file_is_left_to_the_file(stub: StubGrafana) -> None:
    push(stub)
    stub.boards["tocsin-topic"]["meta"]["provisioned"] = True
    stub.boards["tocsin-topic"]["dashboard"]["title"] = "Mine"
    with pytest.raises(PushStoppedError, match="comes out of a file on Grafana's disk"):
        push(stub)


@pytest.mark.parametrize(
    "url",
    [
        "grafana.example",
        "ftp://grafana.example",
        "http://grafana.example",
        "https://admin:secret@grafana.example",
        "https://grafana.example/?token=secret",
    ],
)
def test_an_address_that_would_give_the_token_away_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as error:
        Grafana(url, TOKEN)
    assert "secret" not in str(error.value)


def test_a_path_before_the_api_and_the_token_in_its_header_alone() -> None:
    with StubGrafana(prefix="/monitoring/grafana") as stub:
        push(stub)
        assert len(stub.boards) == 6
        for asked in stub.asked:
            assert TOKEN not in asked.path
            assert asked.headers["Authorization"] == f"Bearer {TOKEN}"


def test_what_grafana_adds_is_no_difference_and_what_it_lost_is() -> None:
    thing = Wanted("dashboard", "u", "t", {"title": "t", "panels": [{"a": 1}]}, folder="f")
    assert compare(thing, None).action == "create"
    more = {"title": "t", "panels": [{"a": 1, "b": 2}], "version": 9, "id": 3, "extra": None}
    assert compare(thing, Found(more, folder="f")).action == "keep"
    for other in ({"title": "t"}, {"title": "t", "panels": []}, {"title": "u", "panels": [{"a": 1}]}):
        assert compare(thing, Found(other, folder="f")).action == "update"
    assert compare(thing, Found(more, folder="g")).action == "update"
    long = Wanted("dashboard", "u", "t", {"title": "x" * 10_000})
    assert max(map(len, compare(long, Found({"title": "t"})).difference)) <= 200


class Told:
    """What the command printed."""

    def __init__(self, *arguments: str, token: str | None = TOKEN, stdin: str = "") -> None:
        environment = {"TOCSIN_GRAFANA_TOKEN": token, "TOCSIN_GRAFANA_POSTGRES_PASSWORD": "hunter2"}
        result = CliRunner().invoke(app, ["dashboards", "push", *arguments], env=environment, input=stdin)
        self.out, self.code, self.error = result.output, result.exit_code, result.exception
        assert TOKEN not in self.out + str(self.error)
        assert "hunter2" not in self.out + str(self.error)


def test_the_command_shows_the_difference_and_writes_only_when_told(stub: StubGrafana) -> None:
    told = Told("--url", stub.url, "--language", "zh")
    assert isinstance(told.error, UsageError) and "add --yes" in str(told.error)
    assert "create  dashboard tocsin-topic-zh: Tocsin：话题" in told.out
    assert stub.writes == []
    plan = json.loads(Told("--url", stub.url, "--json").out)
    assert len(plan["changes"]) == 14 and not any(change["written"] for change in plan["changes"])
    assert stub.writes == []
    told = Told("--url", stub.url, "--yes", "--sources")
    assert told.code == 0 and "created dashboard tocsin-topic-zh" in told.out
    assert len(stub.boards) == 12 and len(stub.sources) == 3
    stub.boards["tocsin-topic"]["dashboard"]["title"] = "\x1b[2Jevil"
    told = Told("--url", stub.url, "--yes", "--sources")
    assert "updated dashboard tocsin-topic" in told.out and "\x1b" not in told.out
    told = Told("--url", stub.url, "--yes", "--sources")
    assert "has 18 of 18 already as they should be" in told.out


def test_the_command_fails_loudly_and_in_json_too(stub: StubGrafana) -> None:
    stub.fail = lambda method, path: (500, {}) if method == "POST" and len(stub.boards) == 3 else None
    told = Told("--url", stub.url, "--json", "--yes")
    plan = json.loads(told.out)
    assert told.code == 1 and "(500)" in plan["error"]
    assert sum(change["written"] for change in plan["changes"]) == 4
    for arguments, token, says in (
        (("--url", stub.url), "", "TOCSIN_GRAFANA_TOKEN is not set"),
        (("--url", stub.url, "--language", "fr"), TOKEN, "en, zh or both"),
        (("--url", stub.url, "--sources", "--prometheus", "http://a:b@c"), TOKEN, "without user or password"),
        (("--url", stub.url, "--sslmode", "perhaps", "--sources"), TOKEN, "--sslmode"),
    ):
        told = Told(*arguments, token=token)
        assert isinstance(told.error, TocsinError) and says in str(told.error)
