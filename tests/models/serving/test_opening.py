"""Which backend runs which folder, and what is said where that cannot be; the backends beside each other."""

from __future__ import annotations

import builtins
import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.data import Corpus
from models.errors import ModelError
from models.files import file_sha256
from models.serving import opening
from models.serving.classifier import Classifier
from models.serving.manifest import TORCH_FILES, read_manifest, write_manifest


@pytest.fixture
def served(tiny_served: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_served, tmp_path / "model"))


@pytest.fixture
def exact(served: Path, tiny_checkpoint: Path) -> Path:
    """A served model with the network it was made of beside its graph."""
    for name in TORCH_FILES:
        shutil.copy(tiny_checkpoint / name, served / name)
    write_manifest(served, read_manifest(served))
    return served


def texts_of(corpus: Corpus) -> list[str]:
    return [example.text for example in (*corpus.train, *corpus.dev)]


def test_int8_and_float32_say_the_same(exact: Path, tiny_corpus: Corpus) -> None:
    texts = texts_of(tiny_corpus)
    onnx = Classifier.load(exact, backend="onnx")
    torch = Classifier.load(exact, backend="torch", device="cpu")
    assert (onnx.arithmetic, torch.arithmetic) == ("onnx on cpu", "float32 on cpu")
    one, other = onnx.classify(texts), torch.classify(texts)
    assert (one.tone == other.tone).mean() >= 0.97
    assert (one.topic == other.topic).mean() >= 0.97
    assert np.abs(one.tones - other.tones).mean() < 20
    near = np.abs(onnx.embed(texts[:9]) - torch.embed(texts[:9]))
    assert near.shape == (9, 32)
    assert near.mean() < 0.05


def test_without_the_network_torch_takes_the_weights_of_the_graph(
    served: Path, exact: Path, tiny_corpus: Corpus
) -> None:
    texts = texts_of(tiny_corpus)
    expected = Classifier.load(exact, backend="torch", device="cpu")
    for name in TORCH_FILES:
        (served / name).unlink()
    rebuilt = Classifier.load(served, backend="torch", device="cpu")
    assert (rebuilt.classify(texts).tone == expected.classify(texts).tone).mean() >= 0.97
    assert rebuilt.model != expected.model


def test_the_model_s_name_tells_the_arithmetic(exact: Path) -> None:
    onnx, torch = (
        Classifier.load(exact, backend="onnx"),
        Classifier.load(exact, backend="torch", device="cpu"),
    )
    assert onnx.model == read_manifest(exact).identity
    assert torch.model != onnx.model
    assert torch.model == Classifier.load(exact, backend="torch", device="cpu").model


def test_auto_is_onnx_without_a_gpu_and_torch_for_a_checkpoint(
    exact: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "cuda_is_there", lambda: False)
    assert Classifier.load(exact).arithmetic == "onnx on cpu"
    assert Classifier.load(exact, device="cpu").arithmetic == "float32 on cpu"
    assert Classifier.load(tiny_checkpoint).arithmetic == "float32 on cpu"


def test_a_checkpoint_answers_like_the_model_that_is_made_of_it(
    tiny_checkpoint: Path, tiny_served: Path, tiny_corpus: Corpus
) -> None:
    texts = texts_of(tiny_corpus)
    checkpoint = Classifier.load(tiny_checkpoint, backend="torch", device="cpu")
    served = Classifier.load(tiny_served, backend="onnx")
    assert checkpoint.topics == served.topics
    assert checkpoint.model.startswith("tiny-1@")
    assert (checkpoint.classify(texts).tone == served.classify(texts).tone).mean() >= 0.97


def test_onnx_takes_no_checkpoint_and_no_gpu(tiny_checkpoint: Path, tiny_served: Path) -> None:
    with pytest.raises(ModelError, match=r"holds a checkpoint: export it .* or take backend torch"):
        Classifier.load(tiny_checkpoint, backend="onnx")
    with pytest.raises(ModelError, match="the onnx backend runs on the CPU, not on 'cuda'"):
        Classifier.load(tiny_served, backend="onnx", device="cuda")


def test_truncated_torch_weights_are_refused(exact: Path) -> None:
    weights = exact / "network.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"network\.safetensors is not the file .*SHA-256 differs"):
        Classifier.load(exact, backend="torch", device="cpu")
    vouch(exact)
    with pytest.raises(ModelError, match=r"network\.safetensors is damaged"):
        Classifier.load(exact, backend="torch", device="cpu")
    assert Classifier.load(exact, backend="onnx").topics


def test_torch_weights_of_another_shape_are_refused(exact: Path) -> None:
    config = json.loads((exact / "config.json").read_text())
    config["hidden_size"] = 64
    (exact / "config.json").write_text(json.dumps(config))
    vouch(exact)
    with pytest.raises(ModelError, match=r"not the network that config\.json beside it describes"):
        Classifier.load(exact, backend="torch", device="cpu")


def test_torch_weights_of_another_network_do_not_pass_the_golden_sentences(exact: Path) -> None:
    from safetensors.torch import load_file, save_file

    state = load_file(exact / "network.safetensors")
    state["tone.weight"] = state["tone.weight"].flip(0).contiguous()
    save_file(state, exact / "network.safetensors")
    vouch(exact)
    with pytest.raises(ModelError, match="does not answer as it did"):
        Classifier.load(exact, backend="torch", device="cpu")


def test_an_incomplete_checkpoint_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint"))
    (folder / "training.json").write_text("{}")
    with pytest.raises(ModelError, match="holds no complete checkpoint"):
        Classifier.load(folder)


def test_without_torch_it_says_what_to_install(tiny_served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(ModelError, match=r"needs PyTorch and transformers: pip install -e '\.\[train\]'"):
        Classifier.load(tiny_served, backend="torch")


def test_without_onnx_the_graph_s_weights_cannot_be_read(
    tiny_served: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = builtins.__import__

    def without(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name == "models.continual.weights":
            raise ModuleNotFoundError("No module named 'onnx'", name="onnx")
        return original(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"needs the package onnx: pip install -e '\.\[train\]'"):
        Classifier.load(tiny_served, backend="torch", device="cpu")


def vouch(folder: Path) -> None:
    """Let model.json vouch for the files as they are now."""
    manifest = json.loads((folder / "model.json").read_text())
    manifest["files"] = {name: file_sha256(folder / name) for name in manifest["files"]}
    (folder / "model.json").write_text(json.dumps(manifest))
