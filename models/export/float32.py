"""Write a network as a float32 ONNX graph: for other runtimes, and to compare int8 with."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from models.training.encoding import pad
from models.training.network import ToneTopicNetwork


class _Pooled(nn.Module):
    """The network with its pooled states as a third output."""

    def __init__(self, network: ToneTopicNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        pooled = self.network.pooled(input_ids, attention_mask)
        return self.network.tone(pooled), self.network.topic(pooled), pooled


def export_float32(network: ToneTopicNetwork, file: Path) -> None:
    """Write `input_ids`, `attention_mask` (batch, length) → `tone`, `topic`, `pooled`, lengths free."""
    network.eval()
    # Plain attention: the fused kernels trace into graphs that other runtimes do not know.
    network.encoder.set_attn_implementation("eager")  # type: ignore[operator]
    axes = {0: "batch", 1: "length"}
    heads = {"tone": {0: "batch"}, "topic": {0: "batch"}, "pooled": {0: "batch"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Pooled(network).eval(),
            pad([[1, 2, 3], [1, 2]], network.pad_id),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=list(heads),
            dynamic_axes={"input_ids": axes, "attention_mask": axes, **heads},
            opset_version=17,
            dynamo=False,
        )
    network.eval()  # the exporter may have put modules back into train mode
