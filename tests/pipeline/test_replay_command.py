"""`tocsin replay`: what a person types and what comes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.cli.replay import run_name
from pipeline.errors import UsageError
from pipeline.settings import load_settings
from pipeline.store import Store
from tests.keyword_classifier import KeywordClassifier

START = datetime(2023, 3, 1, tzinfo=UTC)


class Loaded:
    """What `Classifier.load` was asked for, and how many texts the model saw."""

    texts = 0


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Loaded:
    counts = Loaded()

    class Counting(KeywordClassifier):
        def classify(self, texts: Any) -> Any:
            counts.texts += len(texts)
            return super().classify(texts)

    monkeypatch.setattr("models.serving.classifier.Classifier.load", lambda *_, **__: Counting())
    monkeypatch.chdir(tmp_path)
    return counts


@pytest.fixture
def feed() -> str:
    rows = [f"{START + timedelta(minutes=7 * n):%Y-%m-%d %H:%M},Bank {n} fails,wire" for n in range(300)]
    Path("My Feed.csv").write_text(
        "\n".join(["When,What,source", *rows, "soon,Bank fails,wire", rows[0]]) + "\n"
    )
    return "My Feed.csv"


MAP = ("--map", "time=When", "--map", "title=What")


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def summary(outcome: Result) -> dict[str, Any]:
    assert outcome.exit_code == 0, outcome.output
    return dict(msgspec.json.decode(outcome.stdout))


def test_json_is_the_summary_that_is_written(feed: str) -> None:
    told = summary(tocsin(feed, *MAP, "--out", "out", "--json"))
    assert told == msgspec.json.decode(Path("out/summary.json").read_bytes())
    assert (told["documents_in"], told["scored"], told["rejected"], told["duplicate"]) == (302, 300, 1, 1)
    assert (told["run"], told["via"], told["model"]) == ("my-feed", "offline", "keywords@1")
    assert sorted(path.name for path in Path("out").iterdir()) == [
        *("alerts.jsonl", "rejected.jsonl", "sentiment.parquet", "summary.json")
    ]


def test_the_second_replay_needs_no_model_and_comes_to_the_same(feed: str, loaded: Loaded) -> None:
    first = summary(tocsin(feed, *MAP, "--json"))
    assert loaded.texts == 300
    second = summary(tocsin(feed, *MAP, "--json", "--run", "again"))
    assert loaded.texts == 300
    third = summary(tocsin(feed, *MAP, "--json", "--no-cache"))
    assert loaded.texts == 601
    assert first["digest"] == second["digest"] == third["digest"]
    assert second["run"] == "again"


def test_a_person_reads_figures_rejections_and_notices(feed: str) -> None:
    outcome = tocsin(feed, *MAP, "--out", "out")
    assert outcome.exit_code == 0
    said = " ".join(outcome.stdout.split())
    for phrase in (
        "documents in 302",
        "No alert rang",
        "2023-03-01 00:00 to 2023-03-02 10:53 UTC",
        "301 stamps of My Feed.csv have no zone and were read as UTC",
        "1 wrong_field (row 301): line 302: `When`: 'soon' is not a time",
        "written to out",
    ):
        assert phrase in said


def test_a_span_is_cut_out(feed: str) -> None:
    told = summary(tocsin(feed, *MAP, "--from", "2023-03-01T06:00Z", "--to", "2023-03-02", "--json"))
    assert told["first"] >= "2023-03-01T06:00:00Z"
    assert told["last"] < "2023-03-02T00:00:00Z"
    assert told["documents_in"] + told["outside"] == 302


def test_a_replay_is_kept_in_the_store_in_place_of_an_earlier_one_of_its_name(feed: str) -> None:
    Path("tocsin.toml").write_text('[watchlists.seven]\nterms = ["Bank 7", "Bank 77"]\n')
    summary(tocsin(feed, *MAP, "--from", "2023-03-02", "--store", "--json"))
    told = summary(tocsin(feed, *MAP, "--to", "2023-03-02", "--store", "--json"))
    with Store.open(load_settings().store.url) as store:
        assert store.runs() == ["my-feed"]
        documents = store.documents("my-feed")
        assert len(documents) == told["scored"] == told["documents_in"] - 2
        assert all(document.published_at < START + timedelta(days=1) for document in documents)
        assert [each.title for each in documents if each.watchlists] == ["Bank 7 fails", "Bank 77 fails"]
        kept = [point.row for point in store.sentiment("my-feed")]
        assert sum(row.documents for row in kept if row.key == "overall") == told["scored"]
        assert sum(row.documents for row in kept if row.key == "watch.seven") == 2
        assert len(store.rejected("my-feed")) == 1


def test_settings_decide_and_are_told_apart(feed: str) -> None:
    Path("tocsin.toml").write_text("[event_time]\nduplicate_horizon_hours = 24\n")
    with_file = summary(tocsin(feed, *MAP, "--json"))
    Path("other.toml").write_text("[event_time]\nduplicate_horizon_hours = 48\n")
    with_other = summary(tocsin(feed, *MAP, "--json", "--config", "other.toml"))
    assert with_file["settings_hash"] != with_other["settings_hash"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.csv",), "there is no file nowhere.csv"),
        (("My Feed.csv",), "no text column"),
        (("My Feed.csv", *MAP, "--speed", "fast"), "--speed fast"),
        (("My Feed.csv", *MAP, "--speed", "0"), "--speed 0"),
        (("My Feed.csv", *MAP, "--from", "soon"), "--from 'soon'"),
        (("My Feed.csv", *MAP, "--from", "2024", "--to", "2023-01-01"), "--from"),
        (("My Feed.csv", *MAP, "--via", "pigeon"), "offline or kafka"),
        (("My Feed.csv", *MAP, "--run", "live"), "`live`"),
        (("My Feed.csv", *MAP, "--run", "No Name"), "run"),
        (("My Feed.csv", *MAP, "--out", "My Feed.csv/out"), "cannot write to"),
        (("My Feed.csv", "--map", "title"), "--map title"),
    ],
)
def test_what_cannot_be_done_is_said(feed: str, arguments: tuple[str, ...], says: str) -> None:
    outcome = tocsin(*arguments)
    assert isinstance(outcome.exception, UsageError)
    assert says in str(outcome.exception)


def test_nothing_but_broken_rows_fails(feed: str) -> None:
    Path("bad.csv").write_text("text,date\na,\n")
    assert tocsin("bad.csv").exit_code == 1


def test_runs_are_named_after_their_feed() -> None:
    assert run_name("/data/Reuters_2008.csv.gz") == "reuters-2008"
    assert run_name("live.csv") == run_name("银行.csv") == run_name("-") == "replay"
    assert len(run_name("x" * 200)) == 63
