"""A served model that is damaged, incomplete or mixed up is refused with the reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.data import Corpus
from models.errors import ModelError
from models.serving.classifier import Classifier
from models.training.base import file_sha256
from models.training.checkpoint import load_checkpoint
from models.training.loop import logits


@pytest.fixture
def served(tiny_served: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(tiny_served, tmp_path / "model"))


def change(folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """Edit model.json, and let it vouch for the files that lie beside it now."""
    manifest = json.loads((folder / "model.json").read_text())
    manifest["files"] = {name: file_sha256(folder / name) for name in manifest["files"]}
    edit(manifest)
    (folder / "model.json").write_text(json.dumps(manifest))


def test_an_exported_model_answers_like_the_trained_network(
    tiny_served: Path, tiny_checkpoint: Path, tiny_corpus: Corpus
) -> None:
    network, tokenizer, _ = load_checkpoint(tiny_checkpoint)
    texts = [example.text for example in tiny_corpus.dev]
    tone, topic = logits(network, [tokenizer.encode(text).ids for text in texts], 0)
    classifier = Classifier.load(tiny_served, threads=1)
    scores = classifier.classify(texts)
    is_tone = np.array([example.task == "tone" for example in tiny_corpus.dev])
    assert (scores.tone == tone.argmax(1).numpy())[is_tone].mean() >= 0.9
    assert (scores.topic == topic.argmax(1).numpy())[~is_tone].mean() >= 0.9
    assert classifier.model.startswith("tiny-1@")
    assert len(classifier.model) == len("tiny-1@") + 12


def test_truncated_weights_are_refused(served: Path) -> None:
    weights = served / "model.onnx"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(
        ModelError, match=r"model\.onnx is not the file .*SHA-256 differs.*fetch the whole folder"
    ):
        Classifier.load(served)


def test_truncated_weights_with_a_matching_hash_are_refused(served: Path) -> None:
    weights = served / "model.onnx"
    weights.write_bytes(weights.read_bytes()[:-1000])
    change(served, lambda manifest: None)
    with pytest.raises(ModelError, match="cannot be loaded by ONNX Runtime"):
        Classifier.load(served)


def test_another_vocabulary_is_refused(served: Path) -> None:
    file = served / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    words = [word for word in vocabulary if not word.startswith("[")]
    shifted = dict(zip(words, [vocabulary[word] for word in words[7:] + words[:7]], strict=True))
    tokenizer["model"]["vocab"] = vocabulary | shifted
    file.write_text(json.dumps(tokenizer))
    with pytest.raises(ModelError, match=r"SHA-256 differs"):
        Classifier.load(served)
    change(served, lambda manifest: None)
    with pytest.raises(ModelError, match="does not answer as it did"):
        Classifier.load(served)


def swap_tones(manifest: dict[str, Any]) -> None:
    manifest["tones"] = manifest["tones"][::-1]


def test_tones_in_another_order_are_refused(served: Path) -> None:
    change(served, swap_tones)
    with pytest.raises(ModelError, match="the tones are"):
        Classifier.load(served)


def drop_topic(manifest: dict[str, Any]) -> None:
    manifest["topics"] = manifest["topics"][:-1]


def test_a_topic_missing_is_refused(served: Path) -> None:
    change(served, drop_topic)
    with pytest.raises(ModelError, match=r"20 topics, model.json 3 and 19"):
        Classifier.load(served)


def drop_golden(manifest: dict[str, Any]) -> None:
    manifest["golden"] = []


def test_a_model_without_golden_sentences_is_refused(served: Path) -> None:
    change(served, drop_golden)
    with pytest.raises(ModelError, match="no golden sentences"):
        Classifier.load(served)


def test_an_unreadable_tokenizer_is_refused(served: Path) -> None:
    (served / "tokenizer.json").write_text("{}")
    change(served, lambda manifest: None)
    with pytest.raises(ModelError, match=r"tokenizer\.json cannot be read"):
        Classifier.load(served)


def test_a_missing_file_is_named(served: Path) -> None:
    (served / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"incomplete: tokenizer\.json is missing"):
        Classifier.load(served)


def test_another_format_is_refused(served: Path) -> None:
    change(served, lambda manifest: manifest.update(format=2))
    with pytest.raises(ModelError, match="not a model description of format 1: format"):
        Classifier.load(served)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*model\.json cannot be read"):
        Classifier.load(tmp_path)


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(ModelError, match=r"no model 'xx': it is neither a preset \(en, en-zh\) nor a folder"):
        Classifier.load("xx")


def test_the_identity_changes_with_what_decides_and_with_nothing_else(served: Path) -> None:
    before = Classifier.load(served).model
    change(served, lambda manifest: manifest["training"].update(date="2030-01-01"))
    assert Classifier.load(served).model == before
    change(served, lambda manifest: manifest.update(temperature_tone=manifest["temperature_tone"] * 1.01))
    assert Classifier.load(served).model != before
