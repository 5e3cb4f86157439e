"""What notifications say, and what is left of hostile text in them."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.message import compose
from alerts.delivery.render import CARD, HTML, MARKDOWN, PLAIN, Dialect, render
from alerts.delivery.sparkline import Series, picture
from alerts.delivery.text import inert, link
from alerts.delivery.words import WORDS
from pipeline.settings import Watchlist
from tests.records import START, alert_event, evidence

DIALECTS = [PLAIN, MARKDOWN, HTML, CARD]


def text(*events: object, language: str = "en", zone: str = "UTC") -> str:
    message = compose(events, language, zone)  # type: ignore[arg-type]
    return message.title + "\n" + render(message, PLAIN, 100_000)


def test_a_watchlist_is_called_by_its_title() -> None:
    watchlists = {
        "banks": Watchlist(title="Banks we hold", title_zh="持仓银行", terms=("ING",)),
        "chips": Watchlist(title="Chips", terms=("TSMC",)),
    }

    def said(name: str, language: str) -> tuple[str, str]:
        message = compose([alert_event(key=f"watch.{name}")], language, watchlists=watchlists)  # type: ignore[arg-type]
        return message.title, render(message, PLAIN, 100_000)

    assert said("banks", "en")[0].startswith("warning: Banks we hold, 42 negative stories")
    assert said("banks", "zh")[0].startswith("警告：持仓银行，")
    assert said("chips", "zh")[0].startswith("警告：Chips，")
    title, whole = said("of_before", "en")
    assert title.startswith("warning: of_before, ")
    assert "for this watchlist" in whole and "tocsin alerts mute watch.of_before --until 2h" in whole
    several = compose([alert_event(key="watch.banks"), alert_event(id="b")], watchlists=watchlists)
    assert several.title == "2 alerts: Banks we hold, financials"


def test_an_alert_says_all_that_a_reader_needs() -> None:
    event = alert_event(
        2,
        reason="escalated",
        changed="Severity rose from watch to warning.",
        evidence=(evidence(copies=3, contribution=1.25, author="Ann"),),
    )
    said = text(event)
    for part in (
        "warning: financials, 42 negative stories where 3.1 are normal",
        "42 negative stories in 60 min; normal 3.1",
        "in 95 of 100 normal weeks",
        "Surprise 12.5 (rings from 5.0)",
        "Rings since 2008-09-15 04:30 UTC",
        "Why: more news than usual.",
        "worse tone",
        "Changed: Severity rose from watch to warning.",
        "-0.91 Bank files for bankruptcy https://news.example/1 (wire; Ann; told 3 times; weight 1.25)",
        "Budget: 0.5 false alarms a week for this topic; 0.25 so far.",
        "tocsin alerts ack a1 --run live",
        "tocsin alerts mute financials --until 2h --run live",
        "tocsin alerts verdict a1 useful --run live",
    ):
        assert part in said


def test_both_languages_have_the_same_phrases_with_the_same_places() -> None:
    def places(phrase: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", phrase))

    assert WORDS["en"].keys() == WORDS["zh"].keys()
    for name, phrase in WORDS["en"].items():
        assert places(phrase) == places(WORDS["zh"][name]), name


def test_chinese_has_no_english_but_names_and_commands() -> None:
    event = alert_event(1, reason="escalated", changed="Severity rose.", evidence=(), covers=("markets",))
    said = re.sub(r"tocsin alerts [^\n]*|UTC", "", text(event, language="zh"))
    assert not re.search(r"[A-Za-z]{2,}", said)
    assert "级别升至警告" in said


def test_times_are_the_readers() -> None:
    assert "2008-09-15 06:30 CEST" in text(alert_event(), zone="Europe/Berlin")


def test_a_replay_is_marked_and_an_end_says_so() -> None:
    over = alert_event(3, state="resolved", run="lehman")
    assert text(over).startswith("[replay lehman] over: financials")
    assert "Rang from 2008-09-15 04:30 UTC to 2008-09-15 06:00 UTC" in text(over)
    assert "tocsin alerts ack" not in text(over)


def test_many_alerts_make_one_message_the_gravest_first_and_in_full() -> None:
    events = [alert_event(id=f"a{n}", key=f"topic_{n}") for n in range(8)]
    events.append(alert_event(id="top", key="overall", severity="critical"))
    said = text(*events)
    assert said.startswith("9 alerts: all topics, topic 0, topic 1, topic 2 and 5 more")
    assert said.count("tocsin alerts mute") == 3
    assert "(a7)" in said


def test_a_silent_feed_says_since_when() -> None:
    silent = alert_event(
        kind="feed_silence", key="feed/wire", evidence=(), window_minutes=95, observed=0, expected=31.5
    )
    said = text(silent)
    assert said.startswith("warning: feed wire, silent since 2008-09-15 04:30 UTC")
    assert "No document for 95 min where 31.5 are normal" in said
    assert "stories" not in said
    heard = alert_event(
        1, kind="feed_silence", key="feed/wire", state="resolved", resolved_at=START + timedelta(hours=2)
    )
    assert "heard again at 2008-09-15 06:30 UTC" in text(heard)


def test_a_command_with_an_odd_key_is_quoted() -> None:
    said = text(alert_event(key="x'; rm -rf ~; '"))
    assert """tocsin alerts mute 'x'"'"'; rm -rf ~; '"'"'' --until 2h""" in said


@given(st.text(max_size=400), st.text(max_size=80), st.sampled_from(DIALECTS), st.integers(0, 4000))
def test_no_message_is_longer_than_its_limit(title: str, source: str, dialect: Dialect, limit: int) -> None:
    stories = tuple(evidence(id=str(n), title=title, source=source) for n in range(5))
    message = compose([alert_event(evidence=stories), alert_event(id="b", changed=title)])
    assert dialect.size(render(message, dialect, limit)) <= limit


@given(st.text(max_size=200), st.sampled_from([MARKDOWN, CARD]))
def test_no_character_of_a_headline_means_something_in_markdown(title: str, dialect: Dialect) -> None:
    said = dialect.text(title)
    assert not re.search(r"[*_`~#|\[\]\\<>&]", said)
    assert "\n" not in said
    assert not re.match(r"\s*([-+]|\d+[.)])\s", said)


@given(st.text(max_size=200))
def test_html_holds_no_tag_of_a_headline(title: str) -> None:
    assert not re.search(r"<(?!/?b>)", HTML.bold(HTML.text(title)))


@pytest.mark.parametrize(
    "text", ["see evil.example", "http://evil.example/x", "//evil.example", "a@evil.example"]
)
def test_nothing_in_a_text_is_taken_for_an_address(text: str) -> None:
    assert "evil.example" not in inert(text)
    assert "http://" not in inert(text)


def test_figures_stay_as_they_are() -> None:
    assert (
        inert("Profit fell 3.5% to $1.2bn; U.S. yields at 4.25")
        == "Profit fell 3.5% to $1.2bn; U.S. yields at 4.25"
    )


@given(st.text(max_size=100))
def test_a_link_is_a_plain_address_or_none(url: str) -> None:
    for tried in (url, f"https://news.example/{url}", f"http://{url}/x"):
        safe = link(tried)
        if safe:
            assert urlsplit(safe).scheme in ("http", "https")
            assert re.fullmatch(r"[A-Za-z0-9/%:@+,;=._~$&?-]+", safe)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://news.example/a?b=c&d=e", "https://news.example/a?b=c&d=e"),
        ("https://news.example:8443/%E4%B8%AD", "https://news.example:8443/%E4%B8%AD"),
        ("https://münchen.example/", "https://xn--mnchen-3ya.example/"),
        ("https://news.example/a)b", "https://news.example/a%29b"),
        ("javascript:alert(1)", ""),
        ("https://u:p@news.example/", ""),
        ("//news.example/", ""),
        ("data:text/html,x", ""),
    ],
)
def test_links(url: str, safe: str) -> None:
    assert link(url) == safe


def test_a_chart_is_a_png_of_a_known_size_and_none_where_there_is_nothing() -> None:
    drawn = picture(Series(counts=(0, 3, 9), start=START, step_minutes=60, expected=1.0, began=2))
    assert drawn is not None
    assert drawn.startswith(b"\x89PNG")
    assert picture(Series(counts=(), start=START, step_minutes=60, expected=1.0)) is None
