"""`tocsin classify`: a line a text, whole files or none, and every row accounted for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from pipeline.classify_feed import classify_feed
from pipeline.cli.classify import foreign_languages
from pipeline.cli.main import app
from pipeline.errors import UsageError
from pipeline.feed import open_feed
from pipeline.records import Rejected
from tests.keyword_classifier import KeywordClassifier

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = ["Bank fails", "Oil gains", "Quiet day for shares"]


@pytest.fixture(autouse=True)
def keyword_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("models.serving.classifier.Classifier.load", lambda *_, **__: KeywordClassifier())
    monkeypatch.chdir(tmp_path)


def tocsin(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["classify", *arguments], input=stdin, catch_exceptions=True)


def lines(data: bytes | str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in data.splitlines()]


def test_each_text_becomes_a_line_with_exactly_these_fields(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a", "b", "c"], "tweet": TEXTS}).to_csv("texts.csv", index=False)
    outcome = tocsin("texts.csv", "--out", "out.jsonl", "--json")
    assert outcome.exit_code == 0
    first, second, third = lines((tmp_path / "out.jsonl").read_bytes())
    assert list(first) == [
        *("id", "lang", "topic", "p_topic", "tone", "p_negative", "p_neutral", "p_positive", "score", "model")
    ]
    assert first == {
        "id": "a",
        "lang": "en",
        "topic": "financials",
        "p_topic": 0.8,
        "tone": "negative",
        "p_negative": 0.9,
        "p_neutral": 0.05,
        "p_positive": 0.05,
        "score": -0.85,
        "model": "keywords@1",
    }
    assert (second["tone"], second["topic"], second["score"]) == ("positive", "energy_oil", 0.85)
    assert (third["id"], third["tone"], third["score"]) == ("c", "neutral", 0.0)
    counts = msgspec.json.decode(outcome.stdout)
    assert (counts["documents_in"], counts["classified"], counts["rejected"]) == (3, 3, 0)
    assert counts["tones"] == {"negative": 1, "positive": 1, "neutral": 1}
    assert not list(tmp_path.glob(".*"))


def test_the_language_is_the_source_s_or_detected_and_a_foreign_one_is_told_of() -> None:
    frame = {
        "text": ["Die Bank hebt ihre Prognose an", "央行宣布降准，沪指大涨", "+3 %"],
        "lang": ["de-AT", "", ""],
    }
    pd.DataFrame(frame).to_csv("texts.csv", index=False)
    outcome = tocsin("texts.csv", "--out", "out.jsonl")
    assert [label["lang"] for label in lines(Path("out.jsonl").read_bytes())] == ["de-AT", "zh", "und"]
    assert (
        "2 texts are in languages the model was not trained for (de-AT 1, zh 1); it knows en"
        in outcome.stderr
    )
    counts = msgspec.json.decode(tocsin("texts.csv", "--out", "out.jsonl", "--json").stdout)
    assert counts["languages"] == {"de-AT": 1, "zh": 1, "und": 1}


def test_regional_variants_are_no_foreign_languages() -> None:
    assert foreign_languages({"en-GB": 3, "EN": 1, "und": 2}, ("en",)) == []
    assert foreign_languages({"zh": 1}, ("en", "zh-Hans")) == []


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_standard_input_to_standard_output(form: str) -> None:
    frame = pd.DataFrame({"headline": TEXTS})
    Path("texts").write_bytes(b"")
    if form == "parquet":
        frame.to_parquet("texts")
    elif form == "csv":
        frame.to_csv("texts", index=False)
    else:
        frame.to_json("texts", orient="records", lines=True)
    outcome = tocsin("-", "--format", form, stdin=Path("texts").read_bytes())
    assert [line["id"] for line in lines(outcome.stdout)] == ["1", "2", "3"]
    assert "3 classified" in outcome.stderr


def test_rejected_rows_are_counted_named_and_kept(tmp_path: Path) -> None:
    Path("texts.csv").write_text("id,text\n1,Bank fails\n2\n3,crash the model\n4,\n5,Oil gains\n")
    outcome = tocsin("texts.csv", "--out", "out.jsonl", "--rejected", "bad.jsonl")
    assert outcome.exit_code == 0
    assert [line["id"] for line in lines(Path("out.jsonl").read_bytes())] == ["1", "5"]
    kept = [msgspec.json.decode(line, type=Rejected) for line in Path("bad.jsonl").read_bytes().splitlines()]
    assert [(record.offset, record.reason) for record in kept] == [
        (2, "unreadable_row"),
        (3, "unclassifiable"),
        (4, "no_text"),
    ]
    assert "3 rejected:" in outcome.stderr
    assert "1 unreadable_row (row 2): line 3: 1 fields where the header has 2" in outcome.stderr


def test_nothing_but_broken_rows_fails_and_says_why() -> None:
    Path("texts.csv").write_text("id,text\n1\n2\n")
    outcome = tocsin("texts.csv", "--out", "out.jsonl")
    assert outcome.exit_code == 1
    assert "2 unreadable_row" in outcome.stderr


def test_an_error_leaves_an_older_file_as_it_was() -> None:
    Path("out.jsonl").write_text("older")
    Path("empty.csv").write_text("")
    outcome = tocsin("empty.csv", "--out", "out.jsonl")
    assert isinstance(outcome.exception, UsageError)
    Path("header.csv").write_text("text\n")
    outcome = tocsin("header.csv", "--out", "out.jsonl")
    assert isinstance(outcome.exception, UsageError)
    assert Path("out.jsonl").read_text() == "older"
    outcome = tocsin("header.csv", "--out", "no/such/folder/out.jsonl")
    assert isinstance(outcome.exception, UsageError)
    assert "cannot write to" in str(outcome.exception)


def test_a_device_is_written_and_not_replaced() -> None:
    Path("texts.csv").write_text("text\nBank fails\n")
    assert tocsin("texts.csv", "--out", os.devnull).exit_code == 0
    assert Path(os.devnull).is_char_device()


def test_a_texts_labels_do_not_depend_on_the_batch() -> None:
    Path("texts.csv").write_text("text\n" + "".join(f"{text} {n}\n" for n in range(50) for text in TEXTS))

    def labels(batch: int) -> list[Any]:
        with open_feed("texts.csv", now=NOW, stamped=False) as feed:
            return [
                label
                for batch_labels, _ in classify_feed(feed, KeywordClassifier(), now=NOW, batch=batch)
                for label in batch_labels
            ]

    assert labels(1) == labels(7) == labels(1000)
    assert len(labels(7)) == 150


SLOW = textwrap.dedent(
    """
    import sys
    from models.serving.classifier import Classifier
    from tests.keyword_classifier import KeywordClassifier

    class Stuck(KeywordClassifier):
        batches = 0

        def classify(self, texts):
            self.batches += 1
            if self.batches == 3:
                print("third", file=sys.stderr, flush=True)
                sys.stdin.read()
            return super().classify(texts)

    Classifier.load = lambda *_, **__: Stuck()
    from pipeline.cli.main import main
    main()
    """
)


def run_slow(tmp_path: Path, *arguments: str) -> subprocess.Popen[bytes]:
    (tmp_path / "texts.csv").write_text("text\n" + "Bank fails\n" * 5000)
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, "classify", "texts.csv", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": root},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A test run in the background inherits that Ctrl-C is ignored; a terminal's command does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def test_ctrl_c_leaves_no_file_behind(tmp_path: Path) -> None:
    with run_slow(tmp_path, "--out", "out.jsonl") as process:
        assert process.stderr is not None
        assert process.stderr.readline() == b"third\n"
        assert list(tmp_path.glob(".out.jsonl.*.part"))
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode not in (0, None)
    assert b"Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir()] == ["texts.csv"]


def test_a_reader_that_leaves_ends_it_quietly(tmp_path: Path) -> None:
    with run_slow(tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"id":"1"')
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors.replace(b"third\n", b"") == b""
