"""Open whatever a model comes in as a float32 network: a checkpoint, or a model as it is served."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from models.errors import ModelError
from models.serving.manifest import DATA_FILES, FILE, TORCH_FILES, read_manifest
from models.serving.opening import model_folder
from models.serving.torch_weights import checkpoint_manifest, load_network
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
    languages: tuple[str, ...]
    temperatures: tuple[float, float] | None
    """Of tone and topic; None where the source does not know them."""
    max_length: int
    training: dict[str, Any]
    """What is known about its training."""
    rounded: bool
    """Whether the weights come from 8-bit integers."""


def open_source(path: str | Path) -> Source:
    """Open a checkpoint folder, a served model's folder, a preset by name, or a model on a hub.

    Raises ModelError when there is no such model, or its files cannot be used.
    """
    folder = model_folder(path)
    served, exact = (folder / FILE).is_file(), all((folder / name).is_file() for name in TORCH_FILES)
    if served:
        manifest = read_manifest(folder, (*TORCH_FILES, "tokenizer.json") if exact else DATA_FILES)
    elif exact:
        manifest = checkpoint_manifest(folder)
    else:
        raise ModelError(
            f"{folder} holds neither a checkpoint (network.safetensors) nor a served model ({FILE})"
        )
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(manifest.max_length)
    tokenizer.no_padding()
    known = served or "temperatures" in manifest.training
    return Source(
        name=manifest.identity if served else manifest.name,
        network=load_network(folder),
        tokenizer=tokenizer,
        tones=manifest.tones,
        topics=manifest.topics,
        languages=manifest.languages,
        temperatures=(manifest.temperature_tone, manifest.temperature_topic) if known else None,
        max_length=manifest.max_length,
        training=manifest.training,
        rounded=not exact,
    )
