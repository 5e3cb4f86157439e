import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.data import Corpus, load_corpus
from models.evaluation.command import evaluate
from models.serving.classifier import Classifier


def test_figures_of_every_task(tiny_served: Path, tiny_corpus: Corpus) -> None:
    tests = {
        "tfn_sentiment": [example for example in tiny_corpus.train if example.task == "tone"],
        "tfn_topic": [example for example in tiny_corpus.train if example.task == "topic"],
    }
    report = evaluate(Classifier.load(tiny_served, threads=1), tests)
    assert list(report) == ["tfn_sentiment", "tfn_topic"]
    assert report["tfn_sentiment"].accuracy >= 0.9
    assert [c.name for c in report["tfn_topic"].classes if c.rows] == ["earnings", "energy_oil", "ipo"]


@pytest.mark.data
def test_the_preset_reaches_its_bars_on_rows_it_never_saw(english: Classifier, data: Path) -> None:
    report = evaluate(english, load_corpus(data, ()).tests)
    assert report["fpb"].accuracy >= 0.84
    assert report["fpb_all_agree"].accuracy >= 0.93
    assert report["tfn_topic"].accuracy >= 0.88
    assert report["tfn_sentiment"].accuracy >= 0.86
    # Not of the rows all agreed on: they were chosen for being easy, so it is right more often than it says.
    assert max(report[name].ece for name in ("fpb", "tfn_sentiment", "tfn_topic")) <= 0.06


def test_without_data_the_command_says_what_to_set(tmp_path: Path) -> None:
    environment = os.environ | {"TOCSIN_DATA": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "models.evaluation.command"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "set TOCSIN_DATA to the folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.data
def test_the_command_prints_json(tiny_served: Path, data: Path) -> None:
    environment = os.environ | {"TOCSIN_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-m", "models.evaluation.command", str(tiny_served), "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    assert set(report["sets"]) == {"fpb", "fpb_all_agree", "tfn_sentiment", "tfn_topic"}
    assert report["model"].startswith("tiny-1@")
