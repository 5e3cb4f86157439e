"""Drift over scored documents: from a file, from the store, and against a kept reference."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.drift import monitors, read_reference, read_scored, write_reference
from pipeline.errors import UsageError
from pipeline.records import ScoredDocument
from pipeline.settings import Settings
from pipeline.store import Store
from tests.records import START, document

SAID: dict[str, dict[str, Any]] = {
    "negative": {"tone": "negative", "p_negative": 0.9, "p_neutral": 0.06, "p_positive": 0.04},
    "positive": {"tone": "positive", "p_negative": 0.04, "p_neutral": 0.06, "p_positive": 0.9},
}


def day(number: int, tone: str, documents: int = 100, **fields: Any) -> list[ScoredDocument]:
    """A day on which four of five documents have that tone."""
    return [
        document(
            id=f"{number}-{n}",
            published_at=START + timedelta(days=number, seconds=n),
            offset=1000 * number + n,
            **SAID[tone if n % 5 else "negative"],
            **fields,
        )
        for n in range(documents)
    ]


DAYS = [*day(0, "negative"), *day(1, "negative"), *day(2, "positive")]


def write(path: Path, documents: list[ScoredDocument]) -> Path:
    lines = b"\n".join(msgspec.json.encode(each) for each in documents) + b"\n"
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def tocsin(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["models", "drift", *arguments, "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_DRIFT__REFERENCE_DAYS", "2")


@pytest.mark.parametrize("name", ["scored.jsonl", "scored.jsonl.gz"])
def test_a_file_is_told_day_by_day(tmp_path: Path, name: str) -> None:
    told = tocsin(str(write(tmp_path / name, DAYS)))
    assert [(each["day"], each["documents"]) for each in told] == [
        ("2008-09-15", 100),
        ("2008-09-16", 100),
        ("2008-09-17", 100),
    ]
    assert [bool(each["stability"]) for each in told] == [False, False, True]
    verdicts = {what: each["verdict"] for what, each in told[2]["stability"].items()}
    assert verdicts == {
        "tone": "drift",
        "topic": "stable",
        "tone_confidence": "stable",
        "topic_confidence": "stable",
    }
    assert told[2]["confidence_tone"] == 0.9


def test_the_store_tells_the_same_as_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'tocsin.db'}"
    with Store.open(url) as store:
        store.write_documents([*DAYS, document(run="other", id="x")])
    monkeypatch.setenv("TOCSIN_STORE__URL", url)
    assert tocsin() == tocsin(str(write(tmp_path / "scored.jsonl", DAYS)))


def test_each_model_has_days_of_its_own(tmp_path: Path) -> None:
    told = tocsin(
        str(write(tmp_path / "scored.jsonl", [*day(0, "negative"), *day(1, "negative", model="en-1111")]))
    )
    assert [(each["model"], each["day"]) for each in told] == [
        ("en-0000", "2008-09-15"),
        ("en-1111", "2008-09-16"),
    ]


def test_a_kept_reference_judges_every_day_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = write(tmp_path / "before.jsonl", DAYS[:200])
    tocsin(str(before), "--save-reference", "reference.json")
    monkeypatch.setenv("TOCSIN_DRIFT__REFERENCE", "reference.json")
    told = tocsin(str(write(tmp_path / "after.jsonl", [*day(3, "negative"), *day(4, "positive")])))
    assert [each["stability"]["tone"]["verdict"] for each in told] == ["stable", "drift"]


def test_a_reference_is_told_apart_by_topic_names(tmp_path: Path) -> None:
    ((_, monitor),) = monitors(lambda: DAYS, Settings()).items()
    write_reference(tmp_path / "reference.json", monitor.topics, monitor.total())
    turned = read_reference(tmp_path / "reference.json", monitor.topics[::-1])
    assert turned.counts["topic"] == monitor.total().counts["topic"][::-1]
    with pytest.raises(UsageError, match="other topics: financials"):
        read_reference(tmp_path / "reference.json", ("weather",))


@pytest.mark.parametrize("content", ["{", "[]", '{"topics": ["a"], "answers": {"counts": {}}}'])
def test_what_is_no_reference_is_told_with_what_writes_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "reference.json").write_text(content)
    with pytest.raises(UsageError, match="--save-reference"):
        read_reference(tmp_path / "reference.json", ("macro",))
    with pytest.raises(UsageError, match=r"drift\.reference"):
        read_reference(tmp_path / "nowhere.json", ("macro",))


def test_a_line_that_is_no_scored_document_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "scored.jsonl", DAYS[:1])
    path.write_bytes(path.read_bytes() + b'\n{"id": "x"}\n')
    with pytest.raises(UsageError, match=r"line 3 is no scored document"):
        list(read_scored(str(path)))


def test_nothing_scored_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no scored documents in the store of run live"):
        tocsin()


def test_topics_of_a_taxonomy_of_one_s_own_are_counted(tmp_path: Path) -> None:
    told = tocsin(str(write(tmp_path / "scored.jsonl", day(0, "negative", topic="weather"))))
    assert told[0]["documents"] == 100
