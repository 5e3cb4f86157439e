"""From a checkpoint to the folder that is served."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from models.data import Corpus, Example
from models.errors import ModelError
from models.export.command import activation_ranges, compare, export
from models.serving.classifier import Classifier
from models.serving.manifest import read_manifest
from models.training.checkpoint import load_checkpoint


def test_both_precisions_say_the_same(tiny_checkpoint: Path, tiny_corpus: Corpus, tmp_path: Path) -> None:
    texts = [example.text for example in tiny_corpus.dev]
    answers = {}
    for precision in ("int8", "float32"):
        export(tiny_checkpoint, tmp_path / precision, tiny_corpus, precision=precision)  # type: ignore[arg-type]
        answers[precision] = Classifier.load(tmp_path / precision, threads=1).classify(texts)
    same = answers["int8"].tone == answers["float32"].tone
    assert same.mean() >= 0.9


def test_what_it_reports_is_what_is_served(
    tiny_checkpoint: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    report = export(tiny_checkpoint, tmp_path, tiny_corpus)
    classifier = Classifier.load(tmp_path, threads=1)
    rows = [example for example in tiny_corpus.dev if example.task == "topic"]
    said = classifier.classify([example.text for example in rows]).topic
    right = float((said == np.array([example.label for example in rows])).mean())
    assert report["topic"].rows == len(rows)
    assert report["topic"].served_accuracy == pytest.approx(right, abs=0.05)
    assert read_manifest(tmp_path).temperature_topic == report["topic"].temperature


def test_languages_of_the_rows_decide_the_golden_sentences(
    tiny_checkpoint: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    dev = (*tiny_corpus.dev, replace(tiny_corpus.dev[0], language="zh"))
    export(tiny_checkpoint, tmp_path, replace(tiny_corpus, dev=dev))
    manifest = read_manifest(tmp_path)
    assert manifest.languages == ("en", "zh")
    assert any("。" in golden.text for golden in manifest.golden)


def test_ranges_of_the_training_are_taken_before_measured_ones(
    tiny_checkpoint: Path, tiny_corpus: Corpus
) -> None:
    network, tokenizer, training = load_checkpoint(tiny_checkpoint)
    measured = activation_ranges(network, tokenizer, training, tiny_corpus)
    trained = {name: [-1.0, 2.0] for name in measured}
    with_ranges = training | {"activation_ranges": trained}
    assert set(activation_ranges(network, tokenizer, with_ranges, tiny_corpus).values()) == {(-1.0, 2.0)}
    assert set(measured.values()) != {(-1.0, 2.0)}


def test_classes_that_a_row_s_set_does_not_know_are_no_answers() -> None:
    row = Example("1", "own", "tone", "text", "text", 2)
    neutral_wins = np.array([[0.0, 9.0, 1.0]], np.float32)
    assert compare([row], "tone", neutral_wins, neutral_wins).accuracy == 0
    assert compare([replace(row, classes=(0, 2))], "tone", neutral_wins, neutral_wins).accuracy == 1


def test_a_head_without_rows_keeps_its_temperature() -> None:
    none = np.zeros((0, 3), np.float32)
    report = compare([], "tone", none, none)
    assert (report.rows, report.temperature) == (0, 1.0)


def test_a_checkpoint_with_a_tensor_missing_is_refused(
    tiny_checkpoint: Path, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in tiny_checkpoint.iterdir():
        if file.is_file() and file.name != "network.safetensors":
            (broken / file.name).write_bytes(file.read_bytes())
    state = load_file(tiny_checkpoint / "network.safetensors")
    del state["tone.weight"]
    save_file({name: torch.clone(value) for name, value in state.items()}, broken / "network.safetensors")
    with pytest.raises(ModelError, match=r"tone\.weight"):
        export(broken, tmp_path / "out", tiny_corpus)
