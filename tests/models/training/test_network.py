from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.taxonomy import topic_ids
from models.training.base import resolve_base
from models.training.network import build_network


def test_topics_that_a_checkpoint_knows_keep_what_it_learned(tiny_checkpoint: Path) -> None:
    saved = load_file(tiny_checkpoint / "network.safetensors")
    ids = topic_ids()
    same = build_network(str(tiny_checkpoint), 0.1)
    assert torch.equal(same.topic.weight, saved["topic.weight"])
    mine = build_network(str(tiny_checkpoint), 0.1, topics=[ids[6], "weather", ids[5]])
    assert mine.topic.out_features == 3
    assert torch.equal(mine.topic.weight[[0, 2]], saved["topic.weight"][[6, 5]])
    assert torch.equal(mine.topic.bias[2], saved["topic.bias"][5])
    assert mine.topic.weight.requires_grad
    assert torch.equal(mine.tone.weight, saved["tone.weight"])


def test_a_served_model_is_trained_on(
    tiny_served: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = resolve_base(f"model:{tiny_served}")
    assert folder.startswith(str(tmp_path))
    assert resolve_base(f"model:{tiny_served}") == folder, "made once"
    assert resolve_base(f"model:{tiny_checkpoint}") == str(tiny_checkpoint)
    network = build_network(folder, 0.1)
    saved = load_file(tiny_checkpoint / "network.safetensors")
    torch.testing.assert_close(network.tone.weight, saved["tone.weight"], atol=0.01, rtol=0.01)
