import json
from pathlib import Path

import pytest
import torch

from models.errors import ModelError
from models.training.resume import EpochReport, Position, clear_state, load_state, save_state
from models.training.selection import SetScore

REPORT = EpochReport(1, 0.5, {"own": SetScore(10, 0.9, 0.8)}, 0.8)


def test_a_state_comes_back_as_it_was_and_replaces_the_one_before(tmp_path: Path) -> None:
    assert load_state(tmp_path, "f") is None
    save_state(tmp_path, Position(done=3), {"a": torch.zeros(2)}, "f")
    position = Position(1, 2, 9, 0.1 + 0.2, [REPORT], 1, {"layer": [-1.0, 2.5]})
    save_state(tmp_path, position, {"a": torch.ones(2), "n": torch.tensor(3)}, "f")
    saved = load_state(tmp_path, "f")
    assert saved is not None
    assert saved[0] == position
    assert saved[0].best_macro_f1 == 0.8
    assert saved[1]["a"].tolist() == [1.0, 1.0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["state.json", "step-00000009.safetensors"]


def test_a_state_half_written_leaves_the_one_before_in_force(tmp_path: Path) -> None:
    save_state(tmp_path, Position(done=3), {"a": torch.zeros(2)}, "f")
    (tmp_path / "step-00000009.safetensors").write_bytes(b"half")
    (tmp_path / "state.json.partial").write_text("{")
    saved = load_state(tmp_path, "f")
    assert saved is not None
    assert saved[0].done == 3


def test_the_state_of_another_training_is_refused(tmp_path: Path) -> None:
    save_state(tmp_path, Position(), {}, "f")
    with pytest.raises(ModelError, match="another recipe, base, data or number of processes: remove"):
        load_state(tmp_path, "g")


@pytest.mark.parametrize("harm", ["cut", "json", "key", "gone"])
def test_a_damaged_state_is_named(tmp_path: Path, harm: str) -> None:
    save_state(tmp_path, Position(done=1), {"a": torch.zeros(2)}, "f")
    tensors, facts = tmp_path / "step-00000001.safetensors", tmp_path / "state.json"
    if harm == "cut":
        tensors.write_bytes(tensors.read_bytes()[:-3])
    elif harm == "json":
        facts.write_text(facts.read_text()[:-9])
    elif harm == "key":
        facts.write_text(json.dumps({"fingerprint": "f"}))
    else:
        tensors.unlink()
    with pytest.raises(ModelError, match="damaged"):
        load_state(tmp_path, "f")


def test_what_is_cleared_is_gone(tmp_path: Path) -> None:
    clear_state(tmp_path / "none")
    save_state(tmp_path / "state", Position(), {"a": torch.zeros(2)}, "f")
    clear_state(tmp_path / "state")
    assert not (tmp_path / "state").exists()
