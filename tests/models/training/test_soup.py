import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.errors import ModelError
from models.training.checkpoint import load_checkpoint
from models.training.soup import average_checkpoints


def moved(checkpoint: Path, folder: Path, by: float) -> Path:
    """The checkpoint with its heads moved, and nothing else."""
    shutil.copytree(checkpoint, folder)
    state = load_file(folder / "network.safetensors")
    state["tone.bias"] = state["tone.bias"] + by
    save_file(state, folder / "network.safetensors")
    return folder


def test_weights_that_differ_meet_in_the_middle_and_others_stay(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    average_checkpoints(tiny_checkpoint, moved(tiny_checkpoint, tmp_path / "moved", 2.0), tmp_path / "mean")
    before, _, _ = load_checkpoint(tiny_checkpoint)
    after, _, training = load_checkpoint(tmp_path / "mean")
    assert len(training["average_of"]) == 2
    for name, value in after.state_dict().items():
        expected = before.state_dict()[name]
        if name == "tone.bias":
            torch.testing.assert_close(value, expected + 1.0)
        else:
            assert value.equal(expected), name


def test_other_topics_have_no_average(tiny_checkpoint: Path, tmp_path: Path) -> None:
    other = moved(tiny_checkpoint, tmp_path / "other", 1.0)
    training = json.loads((other / "training.json").read_text())
    (other / "training.json").write_text(json.dumps(training | {"topics": ["something", "else"]}))
    with pytest.raises(ModelError, match=r"differ|topics"):
        average_checkpoints(tiny_checkpoint, other, tmp_path / "mean")


def test_the_first_may_weigh_more_and_ranges_be_left_to_the_export(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    other = moved(tiny_checkpoint, tmp_path / "moved", 4.0)
    average_checkpoints(tiny_checkpoint, other, tmp_path / "mean", share=0.75, keep_ranges=False)
    before, _, _ = load_checkpoint(tiny_checkpoint)
    after, _, training = load_checkpoint(tmp_path / "mean")
    torch.testing.assert_close(after.tone.bias, before.tone.bias + 1.0)
    assert training["shares"] == [0.75, 0.25]
    assert training["activation_ranges"] == {}
