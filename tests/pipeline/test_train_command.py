"""`tocsin train`: what a person types and what comes of it, killed in between or not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from models.errors import ModelError
from pipeline.cli.main import app
from pipeline.errors import UsageError
from tests.tiny_bert import SAID, make_tiny_base

ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    make_tiny_base(folder / "base")
    rows = [
        f"{text} {number},{label}"
        for (task, label), texts in SAID.items()
        if task == "topic"
        for text in texts
        for number in range(30)
    ]
    (folder / "own.csv").write_text("\n".join(["text,about", *rows]) + "\n")
    file = folder / "recipe.toml"
    file.write_text(
        """
        name = "own-1"
        base = "base"
        max_length = 32
        epochs = 3
        learning_rate = 5e-3
        batch_size = 2
        ema_decay = 0.9
        save_steps = 7
        threads = 1
        [[data]]
        path = "own.csv"
        topic = "about"
        topics = { 5 = "earnings", 6 = "energy_oil", 11 = "ipo" }
        """
    )
    return file


def trained(recipe: Path, out: Path) -> dict[str, Any]:
    outcome = CliRunner().invoke(app, ["train", str(recipe), "--out", str(out), "--json"])
    assert outcome.exit_code == 0, outcome.output
    return dict(json.loads(outcome.stdout))


def test_killed_in_mid_epoch_it_goes_on_and_ends_with_the_same_weights(recipe: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    command = [sys.executable, "-m", "pipeline.cli.main", "train", str(recipe), "--out", str(cut)]
    process = subprocess.Popen(command, env=ONE_THREAD, stdout=subprocess.DEVNULL)
    state = cut / "state" / "state.json"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if state.is_file() and json.loads(state.read_text())["position"]["batch"]:
            break
    process.kill()
    assert process.wait() == -9, "it was killed, it had not ended"
    assert not (cut / "network.safetensors").exists()

    facts = [trained(recipe, folder) for folder in (whole, cut)]
    assert facts[0]["epochs"] == facts[1]["epochs"]
    one, two = (load_file(folder / "network.safetensors") for folder in (whole, cut))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not (cut / "state").exists()


def test_a_check_prints_the_rows_and_trains_nothing(recipe: Path) -> None:
    outcome = CliRunner().invoke(app, ["train", str(recipe), "--check", "--json"])
    assert outcome.exit_code == 0, outcome.output
    rows = json.loads(outcome.stdout)["own"]
    assert rows["train"] > rows["test"] > 0


def test_what_is_missing_is_named(recipe: Path, tmp_path: Path) -> None:
    assert isinstance(CliRunner().invoke(app, ["train", str(recipe)]).exception, UsageError)
    bad = tmp_path / "bad.toml"
    bad.write_text('name = "x"\nbase = "b"\nsets = ["fpb"]\nepoch = 3\n')
    outcome = CliRunner().invoke(app, ["train", str(bad), "--out", str(tmp_path / "out")])
    assert isinstance(outcome.exception, ModelError)
    assert "epoch: there is no such key; did you mean epochs?" in str(outcome.exception)
    assert not (tmp_path / "out").exists()
