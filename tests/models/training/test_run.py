import io
import json
from pathlib import Path

import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from models.errors import ModelError
from models.training.checkpoint import load_checkpoint
from models.training.run import check, rows_by_set, run
from tests.tiny_bert import SAID


@pytest.fixture
def recipe(tiny_base: Path, tmp_path: Path) -> Path:
    """A recipe for a file of one's own, every text with a number behind it."""
    rows = [
        f"{text} {number},{label}"
        for (task, label), texts in SAID.items()
        if task == "tone"
        for text in texts
        for number in range(8)
    ]
    (tmp_path / "own.csv").write_text("\n".join(["text,mood", *rows]) + "\n")
    file = tmp_path / "recipe.toml"
    file.write_text(
        f"""
        name = "own-1"
        base = "{tiny_base}"
        max_length = 32
        epochs = 2
        learning_rate = 5e-3
        batch_size = 8
        dev_share = 0.2
        threads = 1
        [[data]]
        path = "own.csv"
        tone = "mood"
        tones = {{ 0 = "negative", 1 = "neutral", 2 = "positive" }}
        """
    )
    return file


def quiet() -> Console:
    return Console(file=io.StringIO(), width=100)


def test_a_recipe_becomes_a_checkpoint_that_says_how_it_was_made(recipe: Path, tmp_path: Path) -> None:
    console = quiet()
    out = tmp_path / "out"
    facts = run(recipe, out, console)
    network, _, training = load_checkpoint(out)
    assert training == json.loads(json.dumps(facts))
    assert training["recipe"]["name"] == "own-1"
    assert len(training["topics"]) == network.topic.out_features == 20
    assert training["rows"]["own"]["train"] == training["train_rows"] > training["dev_rows"] > 0
    assert [epoch["epoch"] for epoch in training["epochs"]] == [1, 2]
    assert sorted(path.name for path in out.iterdir()) == [
        "config.json",
        "log",
        "network.safetensors",
        "tokenizer.json",
        "training.json",
    ]
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "mind: no row has a topic" in said
    assert "epoch 2: loss" in said


def test_curves_are_kept_for_tensorboard(recipe: Path, tmp_path: Path) -> None:
    run(recipe, tmp_path / "out", quiet())
    curves = EventAccumulator(str(tmp_path / "out" / "log")).Reload()
    tags = set(curves.Tags()["scalars"])
    assert {"train/loss", "train/learning_rate", "dev/macro_f1", "dev_accuracy/own"} <= tags
    assert len(curves.Scalars("dev/macro_f1")) == 2


def test_a_trained_network_is_only_replaced_when_asked_to(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(recipe, out, quiet())
    first = load_file(out / "network.safetensors")
    with pytest.raises(ModelError, match="holds a trained network already: choose another folder, or --rest"):
        run(recipe, out, quiet())
    run(recipe, out, quiet(), restart=True)
    second = load_file(out / "network.safetensors")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_check_trains_nothing(recipe: Path) -> None:
    console = quiet()
    assert rows_by_set(check(recipe, console))["own"]["test"] > 0
    assert "own" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "harm",
    ["network.safetensors", "tokenizer.json", "training.json", "config.json"],
)
def test_a_damaged_checkpoint_is_named(tiny_checkpoint: Path, tmp_path: Path, harm: str) -> None:
    for file in tiny_checkpoint.iterdir():
        content = file.read_bytes()
        (tmp_path / file.name).write_bytes(content[:-20] if file.name == harm else content)
    with pytest.raises(ModelError, match="is damaged"):
        load_checkpoint(tmp_path)
