"""Open models so that their gradients can be taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from models.errors import ModelError
from models.explain.integrated import Differentiable
from models.export.hf import TOPIC_FOLDER
from models.export.source import Source, open_source
from models.serving.opening import model_folder
from models.taxonomy import TONES


def open_differentiable(path: str | Path) -> Differentiable:
    """Open a checkpoint, a served model or preset, or a folder that transformers classifies with.

    A served model's network is rebuilt from its 8-bit weights, in float32: it answers nearly, not exactly, as
    the model that serves. Raises ModelError when there is no such model or it cannot be rebuilt.
    """
    folder = model_folder(path)
    return from_transformers(folder) if _classifies(folder) else from_source(open_source(folder))


def from_source(source: Source) -> Differentiable:
    """The network of a checkpoint or a served model, with both heads."""
    network = source.network
    tone, topic = source.temperatures or (1.0, 1.0)
    embedding = network.encoder.get_input_embeddings()  # type: ignore[operator]
    return Differentiable(
        name=f"{source.name} (in float32)" if source.rounded else source.name,
        tokenizer=source.tokenizer,
        labels={"tone": source.tones, "topic": source.topics},
        logits={
            "tone": lambda ids, mask: network(ids, mask)[0] / tone,
            "topic": lambda ids, mask: network(ids, mask)[1] / topic,
        },
        embeddings={"tone": embedding, "topic": embedding},
        pad_id=network.pad_id,
    )


def from_transformers(folder: Path) -> Differentiable:
    """A text classifier of transformers in a local folder: one of `tocsin export --to hf`, or any other.

    Its head is called `tone` where its labels are our tones, else `label`; a folder `topic` inside adds that
    head. Weights are read from safetensors only.
    """
    parts = [folder, *([folder / TOPIC_FOLDER] if _classifies(folder / TOPIC_FOLDER) else [])]
    models: dict[str, Any] = {}
    try:
        for part in parts:
            model = AutoModelForSequenceClassification.from_pretrained(
                part, use_safetensors=True, local_files_only=True, dtype=torch.float32
            ).eval()
            labels = tuple(model.config.id2label[i] for i in range(model.config.num_labels))
            head = "topic" if part != folder else "tone" if labels == TONES else "label"
            models[head] = model
        wrapped = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"transformers cannot read {folder}: {error}") from error
    return Differentiable(
        name=folder.name,
        tokenizer=_backend(wrapped, folder),
        labels={
            head: tuple(model.config.id2label[i] for i in range(model.config.num_labels))
            for head, model in models.items()
        },
        logits={head: _logits(model) for head, model in models.items()},
        embeddings={head: model.get_input_embeddings() for head, model in models.items()},
        pad_id=int(wrapped.pad_token_id or 0),
    )


def _classifies(folder: Path) -> bool:
    """Whether the folder's config names a transformers classifier."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return any(str(name).endswith("ForSequenceClassification") for name in config.get("architectures") or ())


def _logits(model: nn.Module) -> Callable[[Tensor, Tensor], Tensor]:
    def logits(ids: Tensor, mask: Tensor) -> Tensor:
        answer: Tensor = model(input_ids=ids, attention_mask=mask).logits
        return answer

    return logits


def _backend(wrapped: Any, folder: Path) -> Tokenizer:
    backend = getattr(wrapped, "backend_tokenizer", None)
    if backend is None:
        raise ModelError(f"{folder} has no fast tokenizer, which tells where in the text a token stands")
    tokenizer = Tokenizer.from_str(backend.to_str())
    # A tokenizer that knows no limit says so with a number of 30 digits.
    tokenizer.enable_truncation(min(int(wrapped.model_max_length), 512))
    tokenizer.no_padding()
    return tokenizer
