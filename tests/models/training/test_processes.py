"""Several processes train one network, as they do on several GPUs."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from rich.console import Console
from safetensors.torch import load_file

from models.training.run import run
from tests.tiny_bert import SAID


def test_two_processes_take_the_steps_that_one_takes(tiny_base: Path, tmp_path: Path) -> None:
    tones = [(text, label) for (task, label), texts in SAID.items() if task == "tone" for text in texts]
    rows = [f"{text} {number},{label}" for text, label in tones for number in range(3)]
    (tmp_path / "own.csv").write_text("\n".join(["text,mood", *rows]) + "\n")
    recipe = tmp_path / "recipe.toml"
    # Nothing at random but the order of the rows; batches of 5, the last one of 1, do not divide evenly.
    recipe.write_text(
        f"""
        name = "own-1"
        base = "{tiny_base}"
        max_length = 32
        epochs = 2
        batch_size = 5
        dropout = 0.0
        encoder_dropout = 0.0
        adversarial = 0.05
        precision = "float32"
        threads = 1
        [[data]]
        path = "own.csv"
        tone = "mood"
        tones = {{ 0 = "negative", 1 = "neutral", 2 = "positive" }}
        """
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += ["-m", "pipeline.cli.main", "train", str(recipe), "--out", str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 2:") == 1, "one process speaks"
    one = run(recipe, tmp_path / "one", Console(quiet=True))
    assert f"epoch 2: loss {one['epochs'][1]['loss']:.3f}" in done.stdout
    first, second = (load_file(tmp_path / name / "network.safetensors") for name in ("one", "two"))
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=1e-3, atol=1e-4)
