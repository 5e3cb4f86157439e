from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.serving.classifier import Classifier

ROOT = Path(__file__).parents[2]


def export(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "export", *map(str, arguments)],
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(ROOT), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_preset_in_plain_transformers(tmp_path: Path) -> None:
    """One that has only transformers at hand, in a process of its own, gets our labels and probabilities."""
    done = export("en", "--to", "hf", "--out", "hf", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["folders"] == {"tone": "hf", "topic": "hf/topic", "encoder": "hf/encoder"}
    classifier = Classifier.load("en", threads=1)
    assert facts["model"] == classifier.model
    assert tuple(facts["temperatures"].values()) == classifier.temperatures

    text = "The lender halted withdrawals and its shares plunged."
    script = (
        "import sys, json\n"
        "from transformers import pipeline\n"
        "text, *parts = sys.argv[1:]\n"
        "said = {part: pipeline('text-classification', model=part)(text)[0] for part in parts}\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('models', 'pipeline')]\n"
        "print(json.dumps(said))\n"
    )
    plain = subprocess.run(
        [sys.executable, "-P", "-c", script, text, "hf", "hf/topic"],
        cwd=tmp_path,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert plain.returncode == 0, plain.stderr
    said = json.loads(plain.stdout)
    scores = classifier.classify([text])
    assert said["hf"]["label"] == "negative"
    assert said["hf/topic"]["label"] == classifier.topics[scores.topic[0]]
    assert said["hf"]["score"] == pytest.approx(scores.tones[0, 0] / 1000, abs=0.1)  # int8 against float32


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such-model", "--to", "hf"), "neither a preset"),
        (("en", "--to", "onnx"), "is no checkpoint"),
        (("en", "--to", "hf", "--precision", "float32"), "--precision is for --to onnx"),
        (("en", "--to", "hf", "--figures", "none.json"), "cannot read none.json"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = export(*arguments, "--out", "out", cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_report_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("[]")
    done = export("en", "--to", "hf", "--figures", "other.json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2
    assert "other.json is no report of tocsin evaluate" in done.stderr
