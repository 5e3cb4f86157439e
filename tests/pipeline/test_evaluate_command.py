"""`tocsin evaluate`: what a person types and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from models.errors import ModelError
from pipeline.cli.main import app
from pipeline.errors import UsageError

SAID = {
    "bear": ("Losses at plant {} deepen sharply", "Shares of firm {} plunge after a profit warning"),
    "flat": ("Firm {} holds its annual meeting in May", "Company {} is based in Oslo"),
    "bull": ("Profit of firm {} doubles", "Firm {} wins a record order and raises its outlook"),
}
MEANS = ("--label", "bear=negative", "--label", "flat=neutral", "--label", "bull=positive")


@pytest.fixture
def mine(tmp_path: Path) -> str:
    rows = [f"{text.format(n)},{label}" for n in range(6) for label, texts in SAID.items() for text in texts]
    file = tmp_path / "mine.csv"
    file.write_text("\n".join(["headline,mood", *rows]) + "\n", encoding="utf-8")
    return str(file)


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", *arguments], env={"TOCSIN_MODEL__THREADS": "1"})


def record(outcome: Result) -> dict[str, Any]:
    assert outcome.exit_code == 0, outcome.output
    return dict(json.loads(outcome.stdout))


def test_a_file_of_ones_own_with_a_page_and_json(mine: str, tmp_path: Path) -> None:
    out = tmp_path / "report"
    outcome = tocsin("en", "--data", mine, "--map", "tone=mood", *MEANS, "--out", str(out), "--json")
    own = record(outcome)["sets"]["mine"]
    assert own["rows"] == 36
    assert own["accuracy"]["value"] >= 0.9
    assert {each["name"] for each in own["classes"]} == {"negative", "neutral", "positive"}
    assert json.loads((out / "report.json").read_text()) == record(outcome)
    page = (out / "report.html").read_text()
    assert "<svg" in page
    assert "Profit of firm" not in page


def test_tables_and_the_texts_of_mistakes_when_asked_for(mine: str) -> None:
    swapped = ("--label", "bear=positive", "--label", "flat=neutral", "--label", "bull=negative")
    outcome = tocsin("--data", mine, "--map", "tone=mood", *swapped, "--errors", "1")
    assert outcome.exit_code == 0
    assert "tocsin-en" in outcome.stdout
    assert "Calibration error (ECE)" in outcome.stdout
    assert "positive, said negative" in outcome.stdout or "negative, said positive" in outcome.stdout


def test_a_model_is_no_better_than_itself_and_that_is_no_failure(mine: str, tmp_path: Path) -> None:
    out = tmp_path / "comparison"
    arguments = ("--compare", "en", "en", "--data", mine, "--map", "tone=mood", *MEANS)
    found = record(tocsin(*arguments, "--json", "--out", str(out)))
    assert found["verdict"] == "no difference"
    assert found["comparisons"][0]["accuracy"]["p_value"] == 1
    assert "no difference that this many rows can show" in (out / "report.html").read_text()
    words = " ".join(tocsin(*arguments).stdout.split())
    assert "mine: no difference that this many rows can show; the smallest difference in accuracy" in words


def test_what_cannot_be_done_is_said(mine: str, tmp_path: Path) -> None:
    unknown = tocsin("--data", mine, "--map", "tone=mood")
    assert isinstance(unknown.exception, ModelError)
    assert "'bear' in rows 1, 2" in str(unknown.exception)
    missing = tocsin("--data", "no-such-file.csv")
    assert isinstance(missing.exception, ModelError)
    assert "neither a file" in str(missing.exception)
    form = tocsin("--data", mine, "--map", "mood")
    assert isinstance(form.exception, UsageError)
    assert "--map OURS=THEIRS" in str(form.exception)
    both = tocsin("en", "--compare", "en", "en", "--data", mine)
    assert isinstance(both.exception, UsageError)
    assert "leave 'en' out" in str(both.exception)
    absent = tocsin("registry:none", "--data", mine)
    assert isinstance(absent.exception, ModelError)
    blocked = tmp_path / "file"
    blocked.write_text("")
    folder = tocsin("--data", mine, "--map", "tone=mood", *MEANS, "--out", str(blocked))
    assert isinstance(folder.exception, UsageError)
    assert "cannot write" in str(folder.exception)
