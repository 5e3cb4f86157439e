"""AdamW with the learning rates of BERT's parts, and their course over the steps."""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import nn

from models.training.network import ToneTopicNetwork
from models.training.recipe import Recipe

_LAYER = re.compile(r"\.layer\.(\d+)\.")


def parameter_groups(network: ToneTopicNetwork, recipe: Recipe) -> list[dict[str, object]]:
    """Trained parameters by learning rate and weight decay.

    Biases and layer norms are not decayed, as is usual for BERT. The layer k below the top learns at
    `layer_decay`^k (Howard and Ruder 2018), the embeddings like a layer below the lowest.
    """
    layers = int(network.encoder.config.num_hidden_layers)  # type: ignore[arg-type,union-attr]
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if not name.startswith("encoder."):
            rate = recipe.head_learning_rate or recipe.learning_rate
        else:
            found = _LAYER.search(name)
            below = layers - 1 - int(found[1]) if found else layers
            rate = recipe.learning_rate * recipe.layer_decay**below
        decay = recipe.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": found, "lr": rate, "weight_decay": decay} for (rate, decay), found in groups.items()]


def make_optimizer(network: ToneTopicNetwork, recipe: Recipe) -> torch.optim.AdamW:
    """AdamW (Loshchilov and Hutter 2019) over the network's trained parameters."""
    return torch.optim.AdamW(parameter_groups(network, recipe), lr=recipe.learning_rate, fused=True)


def learning_rate_factor(steps: int, warmup_share: float) -> Callable[[int], float]:
    """Factor of the learning rate at a step: linear up over the warm-up, then linear down to zero."""
    warmup = max(1, round(warmup_share * steps))
    return lambda step: max(0.0, min((step + 1) / warmup, (steps - step) / max(1, steps - warmup)))
