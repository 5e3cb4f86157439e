"""Measure what values enter an encoder's products: the ranges that static int8 rounds them by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from models.serving.batching import bucket_batches
from models.training.encoding import pad
from models.training.network import ToneTopicNetwork
from models.training.quantisation_noise import encoder_products, ends_feed_forward

PERCENTILE = 0.9999
"""Share of the values after an activation that their range holds: outliers would make its steps coarse."""


@torch.inference_mode()
def measure_ranges(
    network: ToneTopicNetwork, ids: Sequence[Sequence[int]], *, percentile: float = PERCENTILE
) -> dict[str, tuple[float, float]]:
    """Lowest and highest input of every product of the encoder's layers, over these texts' token ids.

    Of the products that end a feed-forward part it is the given percentile instead of the highest. Texts run
    with texts of their own length: padding would count as values that never occur.
    """
    seen: dict[str, list[torch.Tensor]] = {}

    def watch(name: str) -> Any:
        def hook(_: object, inputs: tuple[torch.Tensor, ...]) -> None:
            value = inputs[0].float()
            high = value.flatten().kthvalue(max(1, round(percentile * value.numel()))).values
            limits = [value.min(), high if ends_feed_forward(name) else value.max()]
            seen.setdefault(name, []).append(torch.stack(limits))

        return hook

    hooks = [
        module.register_forward_pre_hook(watch(name))
        for name, module in encoder_products(network.encoder).items()
    ]
    try:
        network.eval()
        for length, rows in bucket_batches([len(tokens) for tokens in ids], 2048):
            network(*pad([ids[row] for row in rows], network.pad_id, length))
    finally:
        for each in hooks:
            each.remove()
    ranges = {}
    for name, limits in seen.items():
        stacked = torch.stack(limits)
        # Percentiles of batches differ in how many values they are of; their middle is near that of all.
        high = stacked[:, 1].median() if ends_feed_forward(name) else stacked[:, 1].max()
        ranges[name] = (float(stacked[:, 0].min()), float(high))
    return ranges
