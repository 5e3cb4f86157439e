"""`tocsin replay --compare` and `tocsin alerts calibrate`: other settings, one pass over a feed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import UsageError
from tests.keyword_classifier import KeywordClassifier

START = datetime(2023, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    counts: list[int] = []

    class Counting(KeywordClassifier):
        def classify(self, texts: Any) -> Any:
            counts.append(len(texts))
            return super().classify(texts)

    monkeypatch.setattr("models.serving.classifier.Classifier.load", lambda *_, **__: Counting())
    monkeypatch.chdir(tmp_path)
    return counts


@pytest.fixture
def feed() -> str:
    """Six days of a bad story an hour among four, and forty within half an hour on the fifth evening."""
    random = Random(1)
    words = (" ".join("".join(random.choices("bcdfgln", k=9)) for _ in range(3)) for _ in count())
    rows = []
    for hour in range(6 * 24):
        for minute in (3, 18, 33, 48):
            verb = "fails" if minute == 3 else "opens"
            rows.append(
                (
                    START + timedelta(hours=hour, minutes=minute),
                    f"{next(words)} {verb}",
                )
            )
    surge = START + timedelta(days=4, hours=20)
    rows += [(surge + timedelta(minutes=n * 3 // 4), f"{next(words)} fails") for n in range(40)]
    lines = [f"{when:%Y-%m-%d %H:%M},{text},wire {n % 9}" for n, (when, text) in enumerate(sorted(rows))]
    Path("feed.csv").write_text("\n".join(["time,title,source", *lines]) + "\n")
    Path("A.toml").write_text("[detector]\nwarmup_days = 2\nmin_surprise = 2.5\n")
    Path("B.toml").write_text("[detector]\nwarmup_days = 2\nmin_surprise = 50\n")
    return "feed.csv"


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_tells_which_alerts_other_settings_lose(feed: str, texts: list[int]) -> None:
    outcome = tocsin("replay", feed, "--compare", "A.toml", "B.toml", "--out", "what", "--json", "--no-cache")
    assert outcome.exit_code == 0, outcome.output
    found = json.loads(outcome.stdout)
    assert not found["gained"] and found["lost"]
    assert json.loads(Path("what/compare.json").read_text()) == found
    assert "lost" in Path("what/compare.html").read_text()
    assert sum(texts) == len(Path(feed).read_text().splitlines()) - 1, "each document is classified once"


def test_the_table_names_both_files(feed: str) -> None:
    outcome = tocsin("replay", feed, "--compare", "A.toml", "A.toml")
    assert outcome.exit_code == 0, outcome.output
    assert "0 gained, 0 lost, 0 moved" in " ".join(outcome.stdout.split())


def test_calibration_shows_the_price_of_budgets(feed: str) -> None:
    Path("tocsin.toml").write_text("[detector]\nwarmup_days = 1\n")
    outcome = tocsin("alerts", "calibrate", feed, "--trials", "4", "--json", "--out", "curve.png")
    assert outcome.exit_code == 0, outcome.output
    told = json.loads(outcome.stdout)
    assert told["weeks"] > 0.5
    false = [price["false_per_week"] for price in told["prices"]]
    assert false == sorted(false, reverse=True)
    assert {row["key"] for row in told["realised"]} >= {"overall"}
    assert Path("curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_history_that_is_too_short_is_refused(feed: str) -> None:
    Path("tocsin.toml").write_text("[detector]\nwarmup_days = 30\n")
    outcome = tocsin("alerts", "calibrate", feed)
    assert isinstance(outcome.exception, UsageError)
    assert "warm-up" in str(outcome.exception)
