from __future__ import annotations

import numpy as np
import onnxruntime as ort
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ModelError
from models.export.int8 import int8_graph
from models.export.pruning import prune_feed_forward, surviving
from models.export.ranges import measure_ranges
from models.training.network import ToneTopicNetwork
from models.training.selection import logits
from tests.networks import network_of


def texts(count: int) -> list[list[int]]:
    draw = np.random.default_rng(1)
    return [draw.integers(5, 60, draw.integers(2, 30)).tolist() for _ in range(count)]


def with_twins() -> ToneTopicNetwork:
    """Half of the neurons of every layer are copies of the other half."""
    network = network_of("bert")
    with torch.no_grad():
        for layer in network.encoder.encoder.layer:  # type: ignore[union-attr]
            into = layer.intermediate.dense
            into.weight[32:] = into.weight[:32]
            into.bias[32:] = into.bias[:32]
    return network


def test_what_the_rest_can_do_as_well_is_lost_without_a_trace() -> None:
    network, ids = with_twins(), texts(60)
    before = logits(network, ids, network.pad_id)
    prune_feed_forward(network, ids, keep=32)
    after = logits(network, ids, network.pad_id)
    for one, other in zip(before, after, strict=True):
        assert float((one - other).abs().max()) < 1e-3


def test_adjusting_the_rest_is_better_than_leaving_them_alone() -> None:
    draw = torch.Generator().manual_seed(2)
    mixed = torch.randn(400, 12, generator=draw, dtype=torch.float64) @ torch.randn(
        12, 30, generator=draw, dtype=torch.float64
    )
    activations = torch.relu(mixed)
    weights = torch.randn(30, 5, generator=draw, dtype=torch.float64)
    kept, adjusted = surviving(activations.T @ activations, weights, 15)
    exact = activations @ weights
    error = float((activations[:, kept] @ adjusted[kept] - exact).square().sum())
    plain = float((activations[:, kept] @ weights[kept] - exact).square().sum())
    assert error < 0.5 * plain


@given(st.integers(1, 12))
def test_as_many_are_kept_as_asked_for(keep: int) -> None:
    draw = torch.Generator().manual_seed(3)
    activations = torch.randn(50, 12, generator=draw, dtype=torch.float64)
    kept, adjusted = surviving(activations.T @ activations, torch.ones(12, 2, dtype=torch.float64), keep)
    assert len(kept) == keep
    gone = torch.ones(12, dtype=torch.bool)
    gone[kept] = False
    assert not adjusted[gone].any()


def test_the_pruned_network_can_be_served() -> None:
    network, ids = network_of("bert"), texts(40)
    prune_feed_forward(network, ids, keep=48)
    assert network.encoder.config.intermediate_size == 48  # type: ignore[union-attr]
    graph = int8_graph(network, measure_ranges(network, ids))
    session = ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    tone = session.run(["tone"], {"input_ids": [ids[0]]})[0]
    assert np.abs(tone - logits(network, ids[:1], 0)[0].numpy()).max() < 0.05


@pytest.mark.parametrize("keep", [0, 65])
def test_more_than_there_are_cannot_be_kept(keep: int) -> None:
    with pytest.raises(ModelError, match=f"of 64 feed-forward neurons a layer, {keep} cannot be kept"):
        prune_feed_forward(network_of("bert"), texts(2), keep=keep)
