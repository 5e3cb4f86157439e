from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = "Lender's shares plunge after depositors withdraw billions"


def explain(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TOCSIN_")}
    return subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "explain", *arguments],
        cwd=cwd,
        input=stdin,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_preset_is_explained_for_machines(tmp_path: Path) -> None:
    done = explain(TEXT, "--method", "occlusion", "--json", "--head", "tone", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["method"] == "occlusion"
    (head,) = found["heads"]
    assert (head["head"], head["label"]) == ("tone", "negative")
    heaviest = max(head["words"], key=lambda word: word["attribution"])
    assert heaviest["text"] == "plunge"
    assert TEXT[heaviest["start"] : heaviest["end"]] == "plunge"
    total = sum(word["attribution"] for word in head["words"])
    assert total + head["completeness_error"] == pytest.approx(head["difference"], abs=1e-2)


def test_terminal_and_page(tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    done = explain("-", "--method", "occlusion", "--html", str(page), cwd=tmp_path, stdin=TEXT + "\n")
    assert done.returncode == 0, done.stderr
    assert "tone: negative" in done.stdout
    assert "+plunge" in done.stdout
    assert f"Wrote {page}" in done.stdout
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((" ",), "nothing to explain"),
        ((TEXT, "--model", "no-such-model"), "neither a preset"),
        ((TEXT, "--method", "occlusion", "--html", "no/such/folder/why.html"), "cannot write to"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = explain(*arguments, cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
