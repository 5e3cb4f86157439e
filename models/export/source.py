"""Open whatever a model comes in as a float32 network: a checkpoint, or a model as it is served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from models.continual.weights import network_from_onnx
from models.errors import ModelError
from models.serving.classifier import model_folder
from models.serving.manifest import read_manifest
from models.taxonomy import TONES, topic_ids
from models.training.checkpoint import load_checkpoint
from models.training.network import ToneTopicNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A network in eval mode, and what must go with it wherever it goes."""

    name: str
    """`tocsin-en-1@1a2b3c4d5e6f` for a served model; a checkpoint has no hash."""
    network: ToneTopicNetwork
    tokenizer: Tokenizer
    """Truncates at `max_length`, does not pad."""
    tones: tuple[str, ...]
    topics: tuple[str, ...]
    temperatures: tuple[float, float] | None
    """Of tone and topic; None where the source does not know them."""
    max_length: int
    training: dict[str, Any]
    """What is known about its training."""
    rounded: bool
    """Whether the weights come from 8-bit integers."""


def open_source(path: str | Path) -> Source:
    """Open a checkpoint folder, a served model's folder, or a preset by name.

    Raises ModelError when there is no such model, or its files cannot be used.
    """
    folder = Path(path)
    if not (folder / "network.safetensors").is_file():
        folder = model_folder(path)
    if (folder / "network.safetensors").is_file():
        return _checkpoint(folder)
    if (folder / "model.json").is_file():
        return _served(folder)
    raise ModelError(
        f"{folder} holds neither a checkpoint (network.safetensors) nor a served model (model.json)"
    )


def _checkpoint(folder: Path) -> Source:
    network, tokenizer, training = load_checkpoint(folder)
    recipe = training["recipe"]
    tokenizer.enable_truncation(recipe["max_length"])
    tokenizer.no_padding()
    known = training.get("temperatures")
    return Source(
        name=recipe["name"],
        network=network,
        tokenizer=tokenizer,
        tones=TONES,
        topics=tuple(training.get("topics") or topic_ids()),
        temperatures=(known["tone"], known["topic"]) if known else None,
        max_length=recipe["max_length"],
        training=training,
        rounded=False,
    )


def _served(folder: Path) -> Source:
    manifest = read_manifest(folder)
    network = network_from_onnx(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(manifest.max_length)
    tokenizer.no_padding()
    return Source(
        name=manifest.identity,
        network=network,
        tokenizer=tokenizer,
        tones=manifest.tones,
        topics=manifest.topics,
        temperatures=(manifest.temperature_tone, manifest.temperature_topic),
        max_length=manifest.max_length,
        training=manifest.training,
        rounded=True,
    )
