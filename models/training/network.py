"""The network that is trained: one encoder, mean pooling, and a head for tone and one for topic."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from models.errors import ModelError
from models.taxonomy import TONES, topic_ids

WEIGHTS = "network.safetensors"
"""The file of a checkpoint's weights."""


class ToneTopicNetwork(nn.Module):
    """Token ids (batch, length) and their mask → tone logits (batch, 3) and topic logits (batch, topics)."""

    def __init__(self, encoder: nn.Module, width: int, dropout: float, topics: int | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.tone = nn.Linear(width, len(TONES))
        self.topic = nn.Linear(width, len(topic_ids()) if topics is None else topics)

    @property
    def pad_id(self) -> int:
        """The token that fills short rows up."""
        return int(getattr(self.encoder.config, "pad_token_id", None) or 0)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run encoder and both heads; padded places (mask 0) have no influence."""
        pooled = self.dropout(self.pooled(input_ids, attention_mask))
        return self.tone(pooled), self.topic(pooled)

    def pooled(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the encoder's last states over each text's tokens, (batch, width)."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean: Tensor = (hidden * weight).sum(1) / weight.sum(1)
        return mean


def keep_layers(encoder: Any, layers: Sequence[int]) -> None:
    """Leave the encoder these of its layers, in this order (as Sajjad et al. 2023 drop layers)."""
    count = len(encoder.encoder.layer)
    beyond = [layer for layer in layers if layer >= count]
    if beyond:
        raise ModelError(f"layers: the base has layers 0 to {count - 1}, none numbered {beyond}")
    encoder.encoder.layer = nn.ModuleList(encoder.encoder.layer[layer] for layer in layers)
    encoder.config.num_hidden_layers = len(layers)


def build_network(
    base: str,
    dropout: float,
    *,
    encoder_dropout: float | None = None,
    layers: Sequence[int] = (),
    topics: Sequence[str] | None = None,
) -> ToneTopicNetwork:
    """Load the encoder from `base` (a folder or a hub id, safetensors only) and put fresh heads on it.

    `topics` are the ids of the topic head in order, by default Tocsin's own. A folder that holds a checkpoint
    gives its heads, too: of the topic head the rows of those topics that it knows.
    """
    wanted = tuple(topic_ids() if topics is None else topics)
    if (Path(base) / WEIGHTS).is_file():
        network = _trained_network(Path(base), wanted)
        network.dropout.p = dropout
    else:
        encoder = AutoModel.from_pretrained(
            base, use_safetensors=True, add_pooling_layer=False, dtype=torch.float32
        )
        width = encoder.config.hidden_size
        network = ToneTopicNetwork(cast(nn.Module, encoder), width, dropout, len(wanted))
    if layers:
        keep_layers(network.encoder, layers)
    if encoder_dropout is not None:
        for module in network.encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = encoder_dropout
    return network


@torch.no_grad()
def _trained_network(folder: Path, topics: Sequence[str]) -> ToneTopicNetwork:
    network = empty_network(str(folder))
    network.load_state_dict(load_file(folder / WEIGHTS))
    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    known = {name: row for row, name in enumerate(training.get("topics", topic_ids()))}
    if tuple(known) != tuple(topics):
        old, new = network.topic, nn.Linear(network.topic.in_features, len(topics))
        for row, name in enumerate(topics):
            if name in known:
                new.weight[row], new.bias[row] = old.weight[known[name]], old.bias[known[name]]
        network.topic = new
    return network


def empty_network(folder: str) -> ToneTopicNetwork:
    """The network of a checkpoint folder with untrained weights, for loading a state into."""
    config = AutoConfig.from_pretrained(folder)
    encoder = AutoModel.from_config(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    return ToneTopicNetwork(cast(nn.Module, encoder), config.hidden_size, 0.0, _topics_of(Path(folder)))


def _topics_of(folder: Path) -> int | None:
    """Classes of a checkpoint's topic head, read from its weights' header; None where there are none."""
    file = folder / WEIGHTS
    if not file.is_file():
        return None
    from safetensors import safe_open

    with safe_open(file, framework="pt") as tensors:
        return int(tensors.get_slice("topic.bias").get_shape()[0])
