"""`tocsin watchlists`: what a person types and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import UsageError
from pipeline.model import check_topics
from pipeline.settings import Settings, Watchlist


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["watchlists", *arguments])


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "tocsin.toml"
    path.write_text(
        '[watchlists.banks]\ntitle = "Banks we lend to"\nterms = ["Harbor Bank"]\ntopics = ["financials"]\n'
        '[watchlists.oil]\nsymbols = ["HOIL"]\n[watchlists.markets]\ntopics = ["markets"]\n'
    )
    return str(path)


@pytest.fixture
def feed(tmp_path: Path) -> str:
    path = tmp_path / "feed.jsonl"
    rows = [
        ("2023-03-09T10:00:00Z", "[red]Harbor Bank[/red] halts\u2028with\u202edrawals", []),
        ("2023-03-10T10:00:00Z", "Harbor Bank is shut", []),
        ("2023-03-10T11:00:00Z", "Depositors of Harbor Bank are made whole", []),
        ("2023-03-10T12:00:00Z", "Harbor Banking goes on", []),
        ("2023-03-10T13:00:00Z", "Crude falls", ["hoil"]),
    ]
    path.write_text(
        "".join(
            json.dumps({"id": str(n), "source": "w", "published_at": at, "title": title, "symbols": symbols})
            + "\n"
            for n, (at, title, symbols) in enumerate(rows)
        )
    )
    return str(path)


def test_without_any_it_says_how_to_add_one(tmp_path: Path) -> None:
    empty = tmp_path / "tocsin.toml"
    empty.write_text("")
    assert "[watchlists.banks]" in tocsin("--config", str(empty)).output
    assert json.loads(tocsin("--config", str(empty), "--json").output) == {}


def test_they_are_listed_with_what_they_follow(config: str) -> None:
    shown = tocsin("--config", config).output
    assert "Harbor Bank" in shown and "$HOIL" in shown and "financials" in shown
    told = json.loads(tocsin("--config", config, "--json").output)
    assert told["banks"]["title"] == "Banks we lend to" and told["oil"]["symbols"] == ["HOIL"]


def test_a_feed_shows_how_loud_each_would_be(config: str, feed: str) -> None:
    told = json.loads(tocsin(feed, "--config", config, "--json").output)
    assert told["banks"]["documents"] == 3
    assert (told["banks"]["days"], told["banks"]["busiest_day"]) == (2, "2023-03-10")
    assert told["oil"]["documents"] == 1
    assert "documents" not in told["markets"]
    assert "needs the model" in tocsin(feed, "--config", config).output
    shown = tocsin(feed, "--config", config).output
    assert "3 documents on 2 days, most on 2023-03-10: 2" in shown
    assert "[red]Harbor Bank[/red] halts withdrawals\n" in shown


def test_a_topic_that_the_model_does_not_know_is_named() -> None:
    settings = Settings(watchlists={"banks": Watchlist(topics=("financials", "banking"))})
    check_topics(settings, ("financials", "banking"))
    with pytest.raises(UsageError, match=r"`watchlists\.banks\.topics`: the model knows no topic 'banking'"):
        check_topics(settings, ("financials", "markets"))


def test_a_name_that_cannot_be_one_is_told_with_what_may_be(tmp_path: Path) -> None:
    bad = tmp_path / "tocsin.toml"
    bad.write_text('[watchlists.Lenders]\nterms = ["Harbor Bank"]\n')
    outcome = tocsin("--config", str(bad))
    assert isinstance(outcome.exception, UsageError)
    assert "line 1: `watchlists.Lenders`: does not fit. It is: " in str(outcome.exception)
    assert "small letters, digits, `-` and `_`" in str(outcome.exception)
