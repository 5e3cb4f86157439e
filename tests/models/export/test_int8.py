"""The int8 graph against its network; a text's logits are the same to the bit in any company."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.continual.graph import Graph
from models.errors import ModelError
from models.export.int8 import input_scale, int8_graph, quantised, unsupported
from models.export.ranges import measure_ranges
from tests.networks import network_of


def texts(count: int, seed: int = 0) -> list[list[int]]:
    draw = np.random.default_rng(seed)
    return [draw.integers(5, 60, draw.integers(2, 30)).tolist() for _ in range(count)]


def session(graph: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("kind", "changes"), [("bert", {}), ("bert", {"hidden_act": "relu"}), ("roberta", {})]
)
def test_the_graph_answers_like_the_network(kind: str, changes: dict[str, Any]) -> None:
    network = network_of(kind, **changes)
    graph = int8_graph(network, measure_ranges(network, texts(40)))
    onnx.checker.check_model(graph)
    run = session(graph)
    for ids in texts(10, seed=1):
        tone, topic, pooled = run.run(["tone", "topic", "pooled"], {"input_ids": [ids]})
        row = torch.tensor([ids])
        with torch.inference_mode():
            expected = network(row, torch.ones_like(row))
            states = network.encoder(input_ids=row, attention_mask=torch.ones_like(row)).last_hidden_state
        assert np.abs(tone - expected[0].numpy()).max() < 0.05
        assert np.abs(topic - expected[1].numpy()).max() < 0.05
        assert np.abs(pooled - states.mean(1).numpy()).max() < 0.15


def test_the_rows_of_a_batch_do_not_touch_each_other() -> None:
    network = network_of("bert")
    run = session(int8_graph(network, measure_ranges(network, texts(40))))
    draw = np.random.default_rng(2)
    for length in (2, 7, 16, 31):
        batch = draw.integers(5, 60, (9, length))
        together = run.run(None, {"input_ids": batch})
        for rows in (slice(0, 1), slice(8, 9), slice(2, 5)):
            for whole, part in zip(together, run.run(None, {"input_ids": batch[rows]}), strict=True):
                assert np.array_equal(whole[rows], part)


def test_relu_costs_no_node_of_its_own_range() -> None:
    network = network_of("bert", hidden_act="relu")
    ranges = measure_ranges(network, texts(20))
    assert ranges["encoder.layer.0.output.dense"][0] == 0.0
    assert input_scale(ranges["encoder.layer.0.output.dense"])[1] == 0


def test_what_cannot_be_built_is_refused_with_the_reason() -> None:
    network = network_of("distilbert")
    assert "distilbert" in unsupported(network)
    with pytest.raises(ModelError, match="the encoder is a distilbert, not one of bert"):
        int8_graph(network, {})
    odd = deepcopy(network_of("bert"))
    odd.encoder.config.hidden_act = "silu"  # type: ignore[union-attr]
    assert "'silu'" in unsupported(odd)
    with pytest.raises(ModelError, match=r"no range is known for the input of encoder\.layer\.0\.attention"):
        int8_graph(network_of("bert"), {})


def test_the_weights_can_be_read_back(tmp_path: Path) -> None:
    network = network_of("bert")
    onnx.save(int8_graph(network, measure_ranges(network, texts(20))), tmp_path / "model.onnx")
    graph = Graph(tmp_path / "model.onnx")
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    words = graph.table("encoder.embeddings.word_embeddings")
    product = graph.product("encoder.encoder.layer.1.output.dense")
    assert words is not None
    assert product is not None
    for found, was in (
        (words, state["encoder.embeddings.word_embeddings.weight"]),
        (product[0].T, state["encoder.encoder.layer.1.output.dense.weight"]),
        (product[1], state["encoder.encoder.layer.1.output.dense.bias"]),
        (graph.constant("tone.weight"), state["tone.weight"]),
    ):
        assert np.abs(found - was).max() <= np.abs(was).max() / 127 * 0.51


WEIGHTS = arrays(np.float32, (7, 5), elements=st.floats(-1e3, 1e3, width=32))


@given(WEIGHTS, st.sampled_from([0, 1]))
def test_weights_are_rounded_to_the_nearest_step(weights: Any, axis: int) -> None:
    rounded, scale = quantised(weights, axis)
    assert rounded.dtype == np.int8
    assert np.abs(rounded.astype(int)).max() <= 127
    assert np.all(np.abs(rounded * scale - weights) <= scale * 0.501)


@given(st.floats(-50, 50), st.floats(-50, 50))
def test_zero_is_one_of_the_steps_of_every_range(one: float, other: float) -> None:
    step, zero = input_scale((min(one, other), max(one, other)))
    assert 0 <= int(zero) <= 255
    reach = (0 - int(zero)) * step, (255 - int(zero)) * step
    assert reach[0] <= min(one, other, 0) + step
    assert reach[1] >= max(one, other, 0) - step
