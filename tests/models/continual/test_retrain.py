"""A model learns corrections, forgets nothing, and takes the place of the current one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.continual.corrections import Divided
from models.continual.judging import judge
from models.continual.page import retraining_page
from models.continual.planning import Options, Plan, plan
from models.continual.promotion import promotion
from models.continual.registry import Registry
from models.continual.rehearsal import Rehearsal, from_sets, from_texts
from models.continual.retrain import Retrained, checkpoint_of, retrain
from models.data import Corpus, Example
from models.errors import ModelError
from models.evaluation.rows import Rows
from models.serving.classifier import Classifier
from models.serving.manifest import read_manifest
from models.taxonomy import TONES, topic_ids
from models.text import text_key
from pipeline.cli.main import app
from pipeline.errors import UsageError

# What the tiny model was never told: the tone of texts that it knows the topic of.
HOUSE = {
    "oil rose": 2,
    "crude oil stocks": 0,
    "quarterly earnings are out": 1,
    "the ipo was priced": 2,
    "ipo filing": 0,
}
OPTIONS = Options(epochs=6, learning_rate=5e-3, threads=1)


def corrections() -> list[Example]:
    found = []
    for text, label in HOUSE.items():
        for number in range(10, 20):
            words = f"{text} {number}"
            found.append(Example(words, "corrections_tone", "tone", words, text_key(words), label))
    return found


def divided() -> Divided:
    rows = corrections()
    return Divided(train=tuple(rows[::2]), dev=tuple(rows[1::10]), held_out=tuple(rows[3::5]))


@pytest.fixture(scope="module")
def protected(tiny_corpus: Corpus) -> Rows:
    """Rows that the tiny model chose its best epoch by stand for a test."""
    sets = {
        f"own_{task}": tuple(row for row in tiny_corpus.dev if row.task == task) for task in ("tone", "topic")
    }
    return Rows(sets, topic_ids())


@pytest.fixture(scope="module")
def rehearsal(tiny_corpus: Corpus) -> Rehearsal:
    return from_sets(Corpus(tiny_corpus.train, tiny_corpus.train[::5], {}), rows=200)


@pytest.fixture(scope="module")
def planned(tiny_served: Path, rehearsal: Rehearsal, protected: Rows) -> Plan:
    return plan(divided(), rehearsal, protected, read_manifest(tiny_served).training, OPTIONS)


@pytest.fixture(scope="module")
def done(
    planned: Plan, tiny_served: Path, protected: Rows, tmp_path_factory: pytest.TempPathFactory
) -> Retrained:
    return retrain(planned, tiny_served, tmp_path_factory.mktemp("out"), protected, OPTIONS)


def test_corrections_are_learned_and_the_rest_is_kept(done: Retrained, tiny_served: Path) -> None:
    after = Classifier.load(done.served, threads=1)
    texts = [f"{text} {number}" for text in HOUSE for number in range(13, 18)]
    labels = [label for label in HOUSE.values() for _ in range(5)]
    right = (after.classify(texts).tone == labels).mean()
    was = (Classifier.load(tiny_served, threads=1).classify(texts).tone == labels).mean()
    assert right >= 0.9 > was
    assert done.decision.promote, done.decision.reasons
    held_out = [check for check in done.decision.checks if not check.change.protected]
    assert held_out[0].change.candidate > held_out[0].change.current


def test_the_candidate_is_another_version_and_says_what_it_was_made_of(
    done: Retrained, tiny_served: Path, planned: Plan
) -> None:
    manifest = read_manifest(done.served)
    before = read_manifest(tiny_served)
    assert manifest.identity == done.model != before.identity
    assert manifest.training["retrained_from"] == before.identity
    assert manifest.training["corrections"] == {"train": 25, "dev": 5, "held_out": 10}
    assert manifest.topics == before.topics
    assert manifest.languages == before.languages
    assert not (done.served.parent / "base").exists()


def test_the_report_is_plain_and_its_page_escapes_what_comes_in(done: Retrained) -> None:
    report = json.loads(json.dumps(done.report))
    assert report["promote"] is True
    assert {check["set"] for check in report["checks"]} == {
        "own_tone",
        "own_topic",
        "held-out corrections of tone",
    }
    done.report["notices"].append("<script>")
    page = retraining_page(done)
    done.report["notices"].pop()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert "may take the place of" in page


def test_what_can_be_trained_on_is_a_checkpoint_or_a_served_model(
    done: Retrained, tiny_served: Path, tmp_path: Path
) -> None:
    manifest = read_manifest(tiny_served)
    checkpoint = done.served.parent / "checkpoint"
    assert checkpoint_of(checkpoint, manifest, tmp_path / "base") == checkpoint
    assert checkpoint_of(tiny_served, manifest, tmp_path / "base") == tmp_path / "base"
    with pytest.raises(ModelError, match="neither a checkpoint"):
        checkpoint_of(tmp_path, manifest, tmp_path / "base")
    other = manifest.model_copy(update={"topics": manifest.topics[::-1]})
    with pytest.raises(ModelError, match="other topics"):
        checkpoint_of(checkpoint, other, tmp_path / "base")


def test_a_model_that_forgets_is_not_promoted(
    done: Retrained, tiny_served: Path, protected: Rows, tiny_corpus: Corpus
) -> None:
    """The other way round: what the candidate learned is lost in the model it came from."""
    texts = {row.key: row for row in corrections()}
    learned = Rows({"house": tuple(texts.values())}, protected.topics)
    judged = judge(
        Classifier.load(done.served, threads=1), Classifier.load(tiny_served, threads=1), protected=learned
    )
    decision = promotion(judged.changes)
    assert not decision.promote
    assert any(
        "accuracy of house (50 rows)" in reason and "fell by more than" in reason
        for reason in decision.reasons
    )


def test_answers_that_the_model_labelled_itself_are_protected_too(
    done: Retrained, tiny_served: Path, protected: Rows, tiny_corpus: Corpus
) -> None:
    current = Classifier.load(tiny_served, threads=1)
    texts = [row.text for row in tiny_corpus.train]
    own = from_texts(current, texts, rows=80)
    judged = judge(
        current,
        Classifier.load(done.served, threads=1),
        protected=Rows({}, protected.topics),
        kept=own.judged,
    )
    assert [(change.set, change.metric, change.current) for change in judged.changes] == [
        ("kept_tone", "accuracy", 1.0),
        ("kept_topic", "accuracy", 1.0),
    ]


# The command


@pytest.fixture
def alone(tmp_path: Path, tiny_served: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings for the tiny model, and no data sets."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "nowhere"))
    Path("tocsin.toml").write_text(f'[model]\npath = "{tiny_served}"\nthreads = 1\n')
    lines = [f"{row.text},{('negative', 'neutral', 'positive')[row.label]}" for row in corrections()]
    Path("house.csv").write_text("\n".join(["headline,sentiment", *lines]) + "\n")
    return tmp_path


def rehearsed(rows: tuple[Example, ...]) -> Path:
    lines = [f"{row.text},{TONES[row.label]}" for row in rows if row.task == "tone"]
    Path("known.csv").write_text("\n".join(["text,tone", *lines]) + "\n")
    return Path("known.csv")


def tocsin(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(app, ["retrain", *arguments, "--json"], catch_exceptions=False)
    return result.exit_code, json.loads(result.stdout)


def test_from_a_csv_to_a_promoted_model(alone: Path, tiny_corpus: Corpus, tiny_served: Path) -> None:
    known = rehearsed((*tiny_corpus.train, *tiny_corpus.dev))
    given = (
        "--corrections",
        "house.csv",
        "--map",
        "tone=sentiment",
        "--rehearsal",
        str(known),
        "--rows",
        "200",
    )
    code, told = tocsin(*given, "--dry-run")
    assert code == 0
    assert sum(told["corrections"].values()) == 50
    assert told["protected"] == {"known": 6}
    assert not (alone / ".tocsin" / "models").exists()

    code, report = tocsin(
        *given, "--out", "out", "--epochs", "6", "--learning-rate", "5e-3", "--threads", "1", "--by", "ann"
    )
    assert code == 0, report["reasons"]
    registry = Registry(alone / ".tocsin" / "models")
    assert registry.current() == report["version"] != read_manifest(tiny_served).identity
    assert [entry.why for entry in registry.journal()] == [
        "what was served before the first promotion",
        f"retrained with {report['corrections']['train']} corrections",
    ]
    assert "may take the place" in Path("out/report.html").read_text("utf-8")
    assert json.loads(Path("out/report.json").read_text("utf-8"))["promoted"] is True

    Path("tocsin.toml").write_text('[model]\npath = "registry:current"\n')
    scored = subprocess.run(
        [sys.executable, "-m", "pipeline", "classify", "house.csv"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert {json.loads(line)["model"] for line in scored.stdout.splitlines()} == {report["version"]}


def test_a_file_without_corrections_is_told(alone: Path) -> None:
    Path("odd.csv").write_text("text,tone\nFine,great\n")
    with pytest.raises(UsageError, match=r"odd\.csv holds no corrections: .*'great'; negative, neutral"):
        CliRunner().invoke(app, ["retrain", "--corrections", "odd.csv", "--dry-run"], catch_exceptions=False)
    with pytest.raises(UsageError, match="tocsin labels import"):
        CliRunner().invoke(app, ["retrain", "--dry-run"], catch_exceptions=False)
    with pytest.raises(UsageError, match="--out DIR"):
        CliRunner().invoke(app, ["retrain"], catch_exceptions=False)


def test_without_sets_and_documents_the_demo_is_rehearsed(alone: Path) -> None:
    code, told = tocsin("--corrections", "house.csv", "--dry-run", "--rows", "300")
    assert code == 0
    assert told["rehearsal_from"] == "the demo's news, labelled by the model"
    assert told["protected"] == {} and told["kept_aside"] > 20
    assert any("no usual test is protected" in notice for notice in told["notices"])
