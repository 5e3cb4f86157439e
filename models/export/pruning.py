"""Leave out the feed-forward neurons that matter least, and let the others take over what they did.

Neurons go one by one, each time the one whose loss the rest can make up for best, measured on real texts; the
output weights of the rest are adjusted so that the layer's output changes least in the squared mean (optimal
brain surgeon, Hassibi and Stork 1993; in groups for transformers, Kurtic et al. 2023). It needs no training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from models.errors import ModelError
from models.serving.batching import bucket_batches
from models.training.encoding import pad
from models.training.network import ToneTopicNetwork

_DAMPING = 1e-4
"""Of the mean square of the activations, added to all: some neurons never speak on a few hundred texts."""


@torch.no_grad()
def prune_feed_forward(network: ToneTopicNetwork, ids: Sequence[Sequence[int]], keep: int) -> None:
    """Leave every layer's feed-forward part `keep` neurons, in place; `ids` are some hundred training texts.

    Layers are pruned from the first to the last, each with the inputs that the pruned ones before it give.
    Raises ModelError when there are fewer neurons than that.
    """
    encoder: Any = network.encoder
    inner = encoder.config.intermediate_size
    if not 0 < keep <= inner:
        raise ModelError(f"of {inner} feed-forward neurons a layer, {keep} cannot be kept")
    network.eval()
    for layer in encoder.encoder.layer:
        products = _products(network, layer.output.dense, ids)
        weights = layer.output.dense.weight.double().T
        kept, adjusted = surviving(products, weights, keep)
        into, out = layer.intermediate.dense, layer.output.dense
        into.weight, into.bias = nn.Parameter(into.weight[kept]), nn.Parameter(into.bias[kept])
        out.weight = nn.Parameter(adjusted[kept].T.to(out.weight.dtype).contiguous())
        into.out_features = out.in_features = keep
    encoder.config.intermediate_size = keep


def surviving(products: Tensor, weights: Tensor, keep: int) -> tuple[Tensor, Tensor]:
    """Choose `keep` of n neurons: their indices, ascending, and all weights, adjusted for the lost ones.

    `products` (n, n) are the sums of products of the neurons' activations, `weights` (n, outputs) what each
    adds to the outputs; both float64.
    """
    damped = products.clone()
    damped.diagonal().add_(_DAMPING * products.diagonal().mean().clamp(min=1e-12))
    inverse, weights = torch.linalg.inv(damped), weights.clone()
    alive = torch.ones(len(weights), dtype=torch.bool)
    for _ in range(len(weights) - keep):
        loss = weights.square().sum(1) / inverse.diagonal()
        lost = int(loss.masked_fill(~alive, torch.inf).argmin())
        share = inverse[:, lost] / inverse[lost, lost]
        weights -= torch.outer(share, weights[lost])
        inverse -= torch.outer(share, inverse[lost])
        # Rounding must not bring back what has gone.
        weights[lost], inverse[lost], inverse[:, lost], inverse[lost, lost] = 0, 0, 0, 1
        alive[lost] = False
    return alive.nonzero().flatten(), weights


def _products(network: ToneTopicNetwork, linear: nn.Linear, ids: Sequence[Sequence[int]]) -> Tensor:
    """Sums of products of a linear layer's inputs over all tokens of the texts."""
    total = torch.zeros(linear.in_features, linear.in_features, dtype=torch.float64)

    def add(_: object, inputs: tuple[Tensor, ...]) -> None:
        rows = inputs[0].flatten(0, 1).float()
        total.add_((rows.T @ rows).double())

    hook = linear.register_forward_pre_hook(add)
    try:
        for length, batch in bucket_batches([len(tokens) for tokens in ids], 4096):
            network(*pad([ids[row] for row in batch], network.pad_id, length))
    finally:
        hook.remove()
    return total
