from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from transformers import pipeline

from models.errors import ModelError
from models.export.interchange import corpus_of, temperatures_of, write_hf, write_onnx
from models.export.source import open_source
from models.serving.classifier import Classifier
from models.taxonomy import TONES, load_topics
from models.training.checkpoint import load_checkpoint, save_checkpoint
from tests.tiny_bert import SAID

TEXT = "profit doubled"


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny checkpoint as if it came from files of a user's own."""
    folder = tmp_path_factory.mktemp("own")
    topics = load_topics()
    data = []
    for task in ("tone", "topic"):
        file = folder / f"{task}s.csv"
        with file.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines)
            writer.writerow(["text", task])
            for (kind, label), texts in SAID.items():
                if kind == task:
                    name = TONES[label] if task == "tone" else topics[label].id
                    writer.writerows([f"{text} {i}", name] for text in texts for i in range(20))
        data.append({"path": str(file), task: task, "language": "en"})
    network, tokenizer, training = load_checkpoint(tiny_checkpoint)
    recipe = {**training["recipe"], "sets": [], "data": data, "dev_share": 0.2}
    save_checkpoint(folder / "checkpoint", network, tokenizer, {**training, "recipe": recipe})
    return folder / "checkpoint"


def probabilities(folder: Path, text: str) -> dict[str, float]:
    classify = pipeline("text-classification", model=str(folder), truncation=True)
    said: list[dict[str, Any]] = classify([text], top_k=None)[0]
    return {one["label"]: one["score"] for one in said}


def test_a_checkpoint_goes_to_transformers_calibrated(checkpoint: Path, tmp_path: Path) -> None:
    source = open_source(checkpoint)
    temperatures, notice = temperatures_of(source)
    assert notice == ""
    assert all(0.3 <= one <= 3 for one in temperatures)
    write_hf(source, tmp_path, temperatures)
    ours = Classifier.load(checkpoint, backend="torch")
    tone = ours.logits([TEXT])[0][0] / temperatures[0]
    shares = {label: float(2.718281828459045 ** (tone[i] - tone.max())) for i, label in enumerate(TONES)}
    total = sum(shares.values())
    assert probabilities(tmp_path, TEXT) == pytest.approx({k: v / total for k, v in shares.items()}, abs=1e-4)
    card = (tmp_path / "README.md").read_text()
    assert card.startswith("---\nlanguage:\n- en\n")
    assert "| tones.csv | tone | English | its owner's |" in card


def test_a_served_model_goes_to_transformers_with_its_temperatures(tiny_served: Path, tmp_path: Path) -> None:
    source = open_source(tiny_served)
    served = Classifier.load(tiny_served, threads=1)
    assert temperatures_of(source) == (served.temperatures, "")
    write_hf(source, tmp_path, served.temperatures)
    scores = served.classify([TEXT])
    said = probabilities(tmp_path, TEXT)
    # The served graph computes in int8; the labels' places are what is looked at here.
    assert [said[label] for label in TONES] == pytest.approx([p / 1000 for p in scores.tones[0]], abs=0.1)
    assert served.model in (tmp_path / "README.md").read_text()


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_a_checkpoint_is_served_as_onnx(checkpoint: Path, tmp_path: Path, precision: Any) -> None:
    reports = write_onnx(checkpoint, tmp_path / "served", precision=precision)
    assert reports["tone"].rows > 0
    if precision == "float32":
        assert reports["tone"].same_class == 1
    classifier = Classifier.load(tmp_path / "served", threads=1)
    assert TONES[classifier.classify([TEXT]).tone[0]] == "positive"
    assert f"{precision} ONNX" in (tmp_path / "served" / "MODEL_CARD.md").read_text()


def test_without_the_rows_transformers_gets_uncalibrated_logits(checkpoint: Path, tmp_path: Path) -> None:
    network, tokenizer, training = load_checkpoint(checkpoint)
    recipe = {**training["recipe"], "data": [{"path": str(tmp_path / "gone.csv"), "tone": "tone"}]}
    save_checkpoint(tmp_path / "moved", network, tokenizer, {**training, "recipe": recipe})
    temperatures, notice = temperatures_of(open_source(tmp_path / "moved"))
    assert temperatures == (1.0, 1.0)
    assert "not calibrated" in notice
    assert "gone.csv" in notice


def test_temperatures_that_training_kept_are_taken(checkpoint: Path, tmp_path: Path) -> None:
    network, tokenizer, training = load_checkpoint(checkpoint)
    kept = {**training, "temperatures": {"tone": 1.5, "topic": 0.8}}
    save_checkpoint(tmp_path, network, tokenizer, kept)
    assert temperatures_of(open_source(tmp_path)) == ((1.5, 0.8), "")


def test_rows_are_read_anew(checkpoint: Path) -> None:
    training = json.loads((checkpoint / "training.json").read_text())
    corpus = corpus_of(training)
    assert {example.task for example in corpus.dev} == {"tone", "topic"}


def test_a_served_model_is_onnx_already(tiny_served: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is no checkpoint"):
        write_onnx(tiny_served, tmp_path)
