"""Take a model elsewhere: into plain transformers, or into the folder that is served."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from models.data import Corpus, data_folder, load_corpus
from models.errors import ModelError
from models.export.card import front_matter, render_card
from models.export.command import HeadReport, compare, export
from models.export.hf import export_hf
from models.export.source import Source
from models.taxonomy import load_topics
from models.training.checkpoint import load_checkpoint
from models.training.encoding import encode
from models.training.loop import logits
from models.training.recipe import Recipe

CARD = "MODEL_CARD.md"

_USE_HF = """
```python
from transformers import pipeline

tone = pipeline("text-classification", model="DIR", truncation=True)
topic = pipeline("text-classification", model="DIR/topic", truncation=True)
tone(["Profit doubled."], top_k=None)
```

Mean pooling is built into the weights (one more layer), so that transformers needs no further code. To train
on, start from `DIR/encoder`. Leave web addresses out of the texts: training saw none.
"""
_USE_ONNX = """
```python
from models import Classifier, model_input

classifier = Classifier.load("DIR")
scores = classifier.classify([model_input("Profit doubled.")])
```

Inputs and outputs of `model.onnx` are described in `model.json`.
"""


def corpus_of(training: Mapping[str, Any]) -> Corpus:
    """The rows a checkpoint was trained and chosen by, read anew; ModelError when they are not there."""
    recipe = Recipe.model_validate(training["recipe"])
    return load_corpus(
        data_folder() if recipe.sets else None,
        recipe.sets,
        own=recipe.data,
        topics=load_topics(recipe.taxonomy or None),
        dev_share=recipe.dev_share,
    )


def fit_temperatures(source: Source, corpus: Corpus) -> tuple[float, float]:
    """Temperatures of tone and topic under which the network's answers on `corpus.dev` are likeliest."""
    ids = encode(source.tokenizer, [example.text for example in corpus.dev])
    tone, topic = (np.asarray(part) for part in logits(source.network, ids, source.network.pad_id))
    return (
        compare(corpus.dev, "tone", tone, tone).temperature,
        compare(corpus.dev, "topic", topic, topic).temperature,
    )


def temperatures_of(source: Source) -> tuple[tuple[float, float], str]:
    """Temperatures that are known, else fitted; where neither can be, 1 and a sentence that says so."""
    if source.temperatures is not None:
        return source.temperatures, ""
    try:
        corpus = corpus_of(source.training)
    except ModelError as error:
        return (
            1.0,
            1.0,
        ), f"probabilities are not calibrated, since the training's rows are not here: {error}"
    return fit_temperatures(source, corpus), ""


def write_hf(
    source: Source,
    out: Path,
    temperatures: tuple[float, float],
    *,
    figures: Mapping[str, Any] | None = None,
) -> None:
    """Write what plain transformers reads, with its model card (see `models.export.hf`)."""
    weights = "rebuilt from 8-bit ones" if source.rounded else "as trained"
    card = render_card(
        source.training,
        name=source.name,
        languages=source.languages,
        topics=source.topics,
        use=_USE_HF,
        form=f"Weights in float32, {weights}; the temperatures {temperatures[0]:g} (tone) and "
        f"{temperatures[1]:g} (topic) are folded into the heads.",
        figures=figures,
    )
    export_hf(
        out,
        source.network,
        source.tokenizer,
        tones=source.tones,
        topics=source.topics,
        temperatures=temperatures,
        max_length=source.max_length,
        card=front_matter(source.training, source.languages) + card,
    )


def write_onnx(
    checkpoint: Path,
    out: Path,
    *,
    precision: Literal["int8", "float32"] = "int8",
    figures: Mapping[str, Any] | None = None,
) -> dict[str, HeadReport]:
    """Make a served model of a checkpoint, with its card; returns how each head compares with the network."""
    if not (checkpoint / "network.safetensors").is_file():
        raise ModelError(
            f"{checkpoint} is no checkpoint (network.safetensors); a served model is ONNX already"
        )
    _, _, training = load_checkpoint(checkpoint)
    corpus = corpus_of(training)
    reports = export(checkpoint, out, corpus, precision=precision)
    recipe = Recipe.model_validate(training["recipe"])
    languages = sorted({example.language for example in (*corpus.train, *corpus.dev)})
    card = render_card(
        training,
        name=recipe.name,
        languages=languages or ["en"],
        topics=[topic.id for topic in load_topics(recipe.taxonomy or None)],
        use=_USE_ONNX,
        form="Served as int8 ONNX: int8 weights, uint8 activations with static ranges."
        if precision == "int8"
        else "Served as float32 ONNX.",
        figures=figures,
    )
    (out / CARD).write_text(card, encoding="utf-8")
    return reports
