"""Watchlists on the console's pages: beside topics, by title, and never added up with them."""

from __future__ import annotations

import json
import math
import queue
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboards import query
from dashboards.console.desk.messages import Command, Moment, Order
from dashboards.console.desk.process import Inbox, play
from dashboards.console.desk.view import desk_view
from dashboards.console.explaining import Explainer
from dashboards.console.pages.alerts import AlertDesk, InboxPage
from dashboards.console.pages.board import BoardPage
from dashboards.console.pages.page import Asked
from dashboards.console.pages.topic import TopicDesk
from dashboards.console.views.board import board_view
from dashboards.console.views.say import Say
from dashboards.query import BoardView
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings
from pipeline.store import Store
from pipeline.store.actions import active_mutes
from tests.console.filled import RUN, SURGE, TOPICS, watched
from tests.console.test_pages import NOW
from tests.console.test_views import line
from tests.records import START

KEYS = ("watch.banks", "watch.wire-five")


@pytest.fixture(scope="module")
def url(watched_file: Path) -> str:
    return f"sqlite:///{shutil.copy(watched_file, watched_file.with_name('pages.db'))}"


@pytest.fixture(scope="module")
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


def asked_by(store: Store, settings: Settings, lang: str = "en") -> Asked:
    return Asked(
        store=store,
        settings=settings,
        say=Say(lang, settings.watchlists),
        run=RUN,
        by="Mei",
        now=NOW,
        explainer=Explainer(settings),
        topics=TOPICS,
    )


@pytest.fixture
def asked(store: Store) -> Asked:
    nobody = {"broker": BrokerSettings(servers="127.0.0.1:1"), "http": HttpSettings(port=0)}
    return asked_by(store, watched().model_copy(update=nobody))


def rows(view: dict[str, Any]) -> dict[str, Any]:
    return {row["key"]: row for row in view["rows"]}


def test_the_board_shows_them_beside_topics_and_counts_them_apart(asked: Asked) -> None:
    view = BoardPage().view(asked)
    shown = rows(view)
    assert {key for key, row in shown.items() if row["watchlist"]} == set(KEYS)
    assert [shown[key]["label"] for key in KEYS] == ["Banks <we> hold", "wire-five"]
    assert [(each["name"], each["count"]) for each in view["shows"]] == [
        ("all", 6),
        ("topics", 4),
        ("watchlists", 2),
    ]
    assert "3 topics, 2 watchlists, " in view["lead"]
    assert [each["label"] for each in view["quiet"]] == ["Nobody's"]
    # The topics are all there is; the lists lie across them.
    assert sum(shown[key]["day"] for key in TOPICS) == shown["overall"]["day"]
    json.dumps(view)


def test_what_is_quiet_is_said_only_where_the_settings_say_what_was_followed(asked: Asked) -> None:
    assert BoardPage(SURGE).view(asked)["quiet"] == []
    elsewhere = asked_by(asked.store, asked.settings.with_run("live"))
    assert BoardPage().view(elsewhere)["quiet"] == []


def test_without_watchlists_the_board_has_no_choice() -> None:
    view = board_view(
        BoardView(run="live", at=START, lines=(line("overall"),)), Say("en"), warmup_days=3, muted={}
    )
    assert (view["shows"], view["quiet"]) == ([], [])


def test_a_watchlist_that_is_younger_than_its_run_is_learning() -> None:
    old, young = line("watch.old"), line("watch.young", first_minute=START - timedelta(days=1))
    view = board_view(
        BoardView(run="live", at=START, lines=(line("markets"), old, young)),
        Say("en"),
        warmup_days=3,
        muted={},
    )
    assert [(row["key"], row["learning"]) for row in view["rows"]] == [
        ("markets", False),
        ("watch.old", False),
        ("watch.young", True),
    ]


@pytest.mark.parametrize(("lang", "banks"), [("en", "Banks <we> hold"), ("zh", "持仓银行")])
def test_its_page_says_what_it_follows_and_where_else_a_story_belongs(
    asked: Asked, lang: str, banks: str
) -> None:
    asked = asked_by(asked.store, asked.settings, lang)
    view = TopicDesk("watch.banks").view(asked)
    assert (view["label"], view["watchlist"]) == (banks, True)
    assert [fact[1] for fact in view["follows"]["facts"]] == [
        asked.say("comma").join(("bank", "bank fails", "银行"))
    ]
    assert view["stories"] and all(
        each["key"] != "watch.banks" for story in view["stories"] for each in story["watchlists"]
    )
    assert any("银行" in story["title"] for story in view["stories"])
    assert [(each["key"], each["documents"]) for each in view["divided"]] == [("financials", 46)]
    page = TopicDesk("financials")
    page.act("filter", {"source": "wire 5", "tone": "negative"}, asked)
    told = page.view(asked)
    assert (told["watchlist"], told["follows"], told["divided"]) == (False, None, [])
    listed = {each["label"] for story in told["stories"] for each in story["watchlists"]}
    assert listed == {banks, "wire-five"}
    json.dumps([view, told])


def test_one_that_the_settings_no_longer_have_goes_by_its_name(asked: Asked) -> None:
    without = asked_by(asked.store, Settings(run=RUN, broker=asked.settings.broker))
    view = TopicDesk("watch.banks").view(without)
    assert (view["label"], view["follows"]["gone"]) == ("banks", True)
    assert view["stories"] and view["chart"]["points"]
    assert rows(BoardPage().view(without))["watch.banks"]["label"] == "banks"


def test_the_page_of_a_list_without_documents_is_there(asked: Asked) -> None:
    view = TopicDesk("watch.quiet").view(asked)
    assert (view["label"], view["stories"], view["chart"]["points"]) == ("Nobody's", [], [])


def test_its_alert_has_a_page_and_can_be_muted(asked: Asked) -> None:
    [alert] = [each for each in asked.store.alerts(RUN) if each.key == "watch.banks"]
    inbox = {each["key"]: each for each in InboxPage("all").view(asked)["alerts"]}
    assert (inbox["watch.banks"]["label"], inbox["watch.banks"]["watchlist"]) == ("Banks <we> hold", True)
    page = AlertDesk(alert.id)
    view = page.view(asked)
    assert view["title"].startswith("Banks <we> hold, ") and view["chart"]["points"]
    course = TopicDesk("watch.wire-five").view(asked)["chart"]["points"]
    assert [point for point in course if point[6] is not None], "it has a normal of its own"
    done = page.act("mute", {"key": "watch.banks", "hours": 4}, asked)
    assert done is not None and done.say.startswith("Banks <we> hold muted until")
    assert [mute.key for mute in active_mutes(asked.store, RUN, NOW)] == ["watch.banks"]
    assert rows(BoardPage().view(asked))["watch.banks"]["muted"]
    page.act("unmute", {"key": "watch.banks"}, asked)


def test_an_incident_of_everything_is_made_of_topics_alone(asked: Asked) -> None:
    for alert in asked.store.alerts(RUN):
        assert not any(key.startswith("watch.") for key in alert.covers)


def test_the_desk_plays_with_the_watchlists_of_today(asked: Asked, url: str) -> None:
    """Those that the run was counted with do not matter: a list written today is played over its past."""
    lists = {"failing": {"title": "Failing", "terms": ["fails"]}}
    settings = Settings(store=StoreSettings(url=url), watchlists=lists)
    order = Order(kind="run", name=RUN, sides=({"warmup_days": 3.0},))
    moments: list[Moment] = []
    inbox: Inbox = queue.Queue()
    inbox.put(Command(do="speed", speed=None))
    inbox.put(Command(do="play"))

    def tell(moment: Moment) -> None:
        moments.append(moment)
        if moment.state in ("done", "failed"):
            inbox.put(None)

    play(order, settings, inbox, tell)
    last = moments[-1]
    assert (last.state, last.problem) == ("done", "")
    assert {each.key for each in last.lines} == {"overall", *TOPICS, "watch.failing"}
    assert "watch.failing" in {alert.key for alert in last.sides[0].alerts}
    view = desk_view(last, (), {}, list(order.sides), Say("en", settings.watchlists))
    [row] = [row for row in view["run"]["sides"][0]["rows"] if row["watchlist"]]
    assert row["label"] == "Failing"
    assert math.isclose(view["run"]["share"], 1.0)


def test_the_first_minute_of_a_list_is_its_own(asked: Asked) -> None:
    first = query.first_minute(asked.store, RUN, "watch.banks")
    assert first is not None and SURGE <= first < SURGE + timedelta(hours=1)
    assert query.first_minute(asked.store, RUN, "watch.quiet") is None
