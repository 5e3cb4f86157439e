"""Make a served model of a checkpoint: the graph, the tokenizer, and a description to check both by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import onnx
import torch
from tokenizers import Tokenizer

from models.data import Corpus, Example, Task
from models.export.float32 import export_float32
from models.export.int8 import int8_graph
from models.export.ranges import measure_ranges
from models.export.temperature import fit_temperature
from models.scores import to_scores
from models.serving.golden import golden_texts, to_golden
from models.serving.manifest import Manifest, write_manifest
from models.serving.onnx import OnnxBackend
from models.taxonomy import TONES, topic_ids
from models.training.checkpoint import load_checkpoint
from models.training.encoding import encode
from models.training.loop import logits
from models.training.network import ToneTopicNetwork
from models.training.recipe import Recipe

CALIBRATION_TEXTS = 400

Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeadReport:
    """How one head of the served model compares with the network, on the development rows."""

    rows: int
    accuracy: float
    """Of the network, float32."""
    served_accuracy: float
    same_class: float
    """Share of rows on which both say the same."""
    temperature: float


def calibration_texts(corpus: Corpus) -> list[str]:
    """Training texts to take the ranges from, the same ones every time."""
    rows = sorted(corpus.train, key=lambda example: sha256(example.key.encode()).digest())
    return [example.text for example in rows[:CALIBRATION_TEXTS]]


def activation_ranges(
    network: ToneTopicNetwork, tokenizer: Tokenizer, training: Mapping[str, Any], corpus: Corpus
) -> dict[str, tuple[float, float]]:
    """Ranges of the products' inputs: those the network was trained with, else measured on training texts."""
    trained = training.get("activation_ranges")
    if trained:
        return {name: (low, high) for name, (low, high) in trained.items()}
    return measure_ranges(network, encode(tokenizer, calibration_texts(corpus)))


def export(
    checkpoint: Path, out: Path, corpus: Corpus, *, precision: Literal["int8", "float32"] = "int8"
) -> dict[str, HeadReport]:
    """Write the served model to `out`; returns how each head compares with the network.

    The temperatures are fitted to the served model's answers on `corpus.dev`. Raises ModelError when the
    checkpoint cannot be read, or its encoder is none that the int8 graph can be built of.
    """
    network, tokenizer, training = load_checkpoint(checkpoint)
    recipe = Recipe.model_validate(training["recipe"])
    tokenizer.enable_truncation(recipe.max_length)
    tokenizer.no_padding()
    out.mkdir(parents=True, exist_ok=True)
    if precision == "int8":
        ranges = activation_ranges(network, tokenizer, training, corpus)
        onnx.save(int8_graph(network, ranges), out / "model.onnx")
    else:
        export_float32(network, out / "model.onnx")
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)

    backend = OnnxBackend(out / "model.onnx")
    dev_ids = encode(tokenizer, [example.text for example in corpus.dev])
    plain = logits(network, dev_ids, network.pad_id)
    served = backend.logits(dev_ids)
    reports = {
        "tone": compare(corpus.dev, "tone", plain[0].numpy(), served.tone),
        "topic": compare(corpus.dev, "topic", plain[1].numpy(), served.topic),
    }
    languages = tuple(sorted({example.language for example in (*corpus.train, *corpus.dev)})) or ("en",)
    manifest = Manifest(
        name=recipe.name,
        tones=TONES,
        topics=tuple(training.get("topics") or topic_ids()),
        languages=languages,
        max_length=recipe.max_length,
        pad_id=network.pad_id,
        temperature_tone=reports["tone"].temperature,
        temperature_topic=reports["topic"].temperature,
        training=training,
    )
    texts = golden_texts(languages)
    said = backend.logits(encode(tokenizer, texts))
    scores = to_scores(
        said.tone,
        said.topic,
        temperature_tone=manifest.temperature_tone,
        temperature_topic=manifest.temperature_topic,
    )
    golden = to_golden(texts, manifest.topics, scores)
    write_manifest(out, manifest.model_copy(update={"golden": golden}))
    return reports


def compare(rows: Sequence[Example], task: Task, plain: Logits, served: Logits) -> HeadReport:
    """Compare a head's answers, (n, classes), on the rows that are labelled for it."""
    chosen = [i for i, example in enumerate(rows) if example.task == task]
    if not chosen:
        return HeadReport(0, 0.0, 0.0, 1.0, 1.0)
    labels = np.array([rows[i].label for i in chosen])
    allowed = np.full((len(chosen), served.shape[1]), -np.inf, np.float32)
    for place, i in enumerate(chosen):
        allowed[place, list(rows[i].classes) or slice(None)] = 0
    before, after = (values[chosen] + allowed for values in (plain, served))
    return HeadReport(
        rows=len(chosen),
        accuracy=float((before.argmax(1) == labels).mean()),
        served_accuracy=float((after.argmax(1) == labels).mean()),
        same_class=float((before.argmax(1) == after.argmax(1)).mean()),
        temperature=fit_temperature(torch.from_numpy(after), torch.from_numpy(labels)),
    )
