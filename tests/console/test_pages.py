"""Pages over a real store, without a browser: what they show, what they do, what they refuse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dashboards import query
from dashboards.console.explaining import Explainer
from dashboards.console.pages.alerts import AlertDesk, InboxPage
from dashboards.console.pages.board import BoardPage
from dashboards.console.pages.health import HealthPage
from dashboards.console.pages.page import Asked
from dashboards.console.pages.topic import TopicDesk
from dashboards.console.views.say import Say
from pipeline.errors import UsageError
from pipeline.settings import BrokerSettings, HttpSettings, Settings
from pipeline.store import Store
from pipeline.store.actions import acknowledgement, active_mutes, verdicts
from tests.console.filled import RUN, SURGE, TOPICS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOBODY = BrokerSettings(servers="127.0.0.1:1")


@pytest.fixture(scope="module")
def store(filled_file: Path) -> Iterator[Store]:
    """A filled store of this module's own: its tests write."""
    own = shutil.copy(filled_file, filled_file.with_name("pages.db"))
    with Store.open(f"sqlite:///{own}") as opened:
        yield opened


@pytest.fixture
def asked(store: Store) -> Asked:
    settings = Settings(broker=NOBODY, http=HttpSettings(port=0))
    return Asked(
        store=store,
        settings=settings,
        say=Say("en"),
        run=RUN,
        by="Mei",
        now=NOW,
        explainer=Explainer(settings),
        topics=TOPICS,
    )


def alert_id(store: Store) -> str:
    return store.alerts(RUN)[0].id


def test_the_board_now_and_then(asked: Asked) -> None:
    now = BoardPage().view(asked)
    assert now["rows"][0]["alert"]["severity"] == "critical"
    then = BoardPage(SURGE).view(asked)
    assert then["as_of"] == "2023-03-10T14:00" and not any(row["alert"] for row in then["rows"])
    json.dumps([now, then])


def test_a_topic_over_a_span_a_zoom_and_a_filter(asked: Asked) -> None:
    page = TopicDesk("financials")
    whole = page.view(asked)
    assert whole["span"] == "7d" and len(whole["stories"]) == 30 and whole["more"]
    assert [point for point in whole["chart"]["points"] if point[6] is not None]
    begin = SURGE.timestamp() * 1000
    assert page.act("zoom", {"since": begin, "until": begin + 3_600_000}, asked) is not None
    near = page.view(asked)
    assert near["span"] == "" and near["since"] == "2023-03-10T14:00:00Z"
    page.act("filter", {"search": "提款", "tone": "negative", "lang": "zh"}, asked)
    found = page.view(asked)
    assert [story["title"] for story in found["stories"]] == ["银行停止提款，储户排队"]
    assert found["filter"]["lang"] == "zh"
    page.act("filter", {"search": "%"}, asked)
    assert page.view(asked)["stories"] == []
    json.dumps([whole, near, found])


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("zoom", {"since": "now", "until": None}),
        ("zoom", {"since": 1e30, "until": 1e30}),
        ("zoom", {"since": True, "until": 5}),
        ("span", {"span": "1000y"}),
        ("filter", {"search": 7, "tone": ["x"], "source": None}),
        ("drop", {}),
    ],
)
def test_what_a_browser_should_not_send_changes_nothing(
    asked: Asked, name: str, args: dict[str, Any]
) -> None:
    page = TopicDesk("markets")
    before = page.view(asked)
    page.act(name, args, asked)
    assert page.view(asked) == before


def test_an_alert_is_seen_judged_and_muted(asked: Asked) -> None:
    id, page = alert_id(asked.store), AlertDesk(alert_id(asked.store))
    for name, args in (
        ("acknowledge", {"id": id}),
        ("verdict", {"id": id, "verdict": "noise", "note": "<b>no</b>"}),
        ("mute", {"key": "overall", "hours": 4}),
    ):
        done = page.act(name, args, asked)
        assert done is not None and done.say
    seen = acknowledgement(asked.store, id)
    assert seen is not None and seen.by == "Mei"
    assert verdicts(asked.store, id)[-1].verdict == "noise"
    assert [mute.key for mute in active_mutes(asked.store, RUN, NOW)] == ["overall"]
    view = page.view(asked)
    assert view["verdict"] == "noise" and "Mei" in view["acknowledged"] and view["muted"]
    assert {"Acknowledged", "Verdict", "Muted"} <= {entry["what"] for entry in view["journal"]}
    assert sum(part["stories"] for part in view["parts"]) == pytest.approx(
        view["observed"] - view["expected"], abs=0.1
    )
    inbox = InboxPage().view(asked)
    assert inbox["mutes"][0]["key"] == "overall"
    assert BoardPage().view(asked)["rows"][0]["muted"]
    InboxPage().act("unmute", {"key": "overall"}, asked)
    assert active_mutes(asked.store, RUN, NOW) == []


@pytest.mark.parametrize("hours", [0, -1, 1e9, "4", True, None])
def test_a_mute_has_an_end_within_reach(asked: Asked, hours: Any) -> None:
    InboxPage().act("mute", {"key": "markets", "hours": hours}, asked)
    assert active_mutes(asked.store, RUN, NOW) == []


def test_what_is_not_there_is_said(asked: Asked) -> None:
    with pytest.raises(query.NotFound):
        AlertDesk("none-such").view(asked)
    with pytest.raises(UsageError):
        InboxPage().act("acknowledge", {"id": "none-such"}, asked)


def test_a_correction_is_checked(asked: Asked) -> None:
    page, id = TopicDesk("markets"), query.documents(asked.store, RUN, limit=1).documents[0].id
    with pytest.raises(UsageError, match="topic"):
        page.act("label", {"id": id, "tone": "negative", "topic": "astrology"}, asked)
    with pytest.raises(UsageError, match="tone"):
        page.act("label", {"id": id, "tone": "awful", "topic": "markets"}, asked)
    done = page.act("label", {"id": id, "tone": "neutral", "topic": "markets", "note": "x"}, asked)
    assert done is not None and "store" in done.say
    label = asked.store.labels(RUN)[-1]
    assert (label.id, label.tone, label.topic, label.by, label.at) == (id, "neutral", "markets", "Mei", NOW)


def test_why_is_answered_for_a_document_of_the_run_only(asked: Asked) -> None:
    page = TopicDesk("financials")
    page.act("explain", {"id": "none-such"}, asked)
    assert page.view(asked)["told"]["none-such"]["problem"]


def test_health_tells_an_address_without_its_password(asked: Asked) -> None:
    view = HealthPage().view(asked)
    assert view["days"] and sum(day["documents"] for day in view["days"]) > 300
    assert view["days"][0]["day"] == "2023-03-10"
    json.dumps(view)


def test_an_empty_store(tmp_path: Path, asked: Asked) -> None:
    from dataclasses import replace

    with Store.open(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        bare = replace(asked, store=empty, run="live")
        assert BoardPage().view(bare)["empty"]
        assert InboxPage().view(bare)["none"] == "No alert has rung in this run."
        assert TopicDesk("overall").view(bare)["stories"] == []
        assert HealthPage().view(bare)["days"] == []
