"""The network that is trained: one encoder, mean pooling, and a head for tone and one for topic."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel

from models.taxonomy import TONES, topic_ids


class ToneTopicNetwork(nn.Module):
    """Token ids (batch, length) and their mask → tone logits (batch, 3) and topic logits (batch, 20)."""

    def __init__(self, encoder: nn.Module, width: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.tone = nn.Linear(width, len(TONES))
        self.topic = nn.Linear(width, len(topic_ids()))

    @property
    def pad_id(self) -> int:
        """The token that fills short rows up."""
        return int(getattr(self.encoder.config, "pad_token_id", None) or 0)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Run encoder and both heads; padded places (mask 0) have no influence."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        pooled = self.dropout((hidden * weight).sum(1) / weight.sum(1))
        return self.tone(pooled), self.topic(pooled)


def build_network(base: str, dropout: float) -> ToneTopicNetwork:
    """Load the encoder from `base` (a folder or a hub id, safetensors only) and put fresh heads on it."""
    encoder = AutoModel.from_pretrained(
        base, use_safetensors=True, add_pooling_layer=False, dtype=torch.float32
    )
    return ToneTopicNetwork(cast(nn.Module, encoder), encoder.config.hidden_size, dropout)


def empty_network(folder: str) -> ToneTopicNetwork:
    """The network of a checkpoint folder with untrained weights, for loading a state into."""
    config = AutoConfig.from_pretrained(folder)
    encoder = AutoModel.from_config(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    return ToneTopicNetwork(cast(nn.Module, encoder), config.hidden_size, dropout=0.0)
