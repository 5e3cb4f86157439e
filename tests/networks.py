"""Random networks of the kinds of encoder that are served, small enough to compare layer by layer."""

from __future__ import annotations

from typing import Any

import torch
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertModel, RobertaConfig, RobertaModel

from models.training.network import ToneTopicNetwork

WORDS = 60
"""Size of the vocabulary."""
WIDTH = 32
_SIZES: dict[str, Any] = {
    "vocab_size": WORDS,
    "hidden_size": WIDTH,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}


def network_of(kind: str, **changes: Any) -> ToneTopicNetwork:
    """A `bert`, `roberta` or `distilbert` with five topics, always the same; `changes` are of its config."""
    torch.manual_seed(3)
    encoder: Any
    if kind == "bert":
        encoder = BertModel(BertConfig(**_SIZES | changes), add_pooling_layer=False)
    elif kind == "roberta":
        config = RobertaConfig(**_SIZES | {"pad_token_id": 1} | changes)
        encoder = RobertaModel(config, add_pooling_layer=False)
    else:
        encoder = DistilBertModel(
            DistilBertConfig(vocab_size=WORDS, dim=WIDTH, n_heads=4, n_layers=2, hidden_dim=64)
        )
    return ToneTopicNetwork(encoder, WIDTH, 0.0, topics=5).eval()
