"""Four-bit tables: what is in blocks comes back to the bit, what is not is left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.continual.graph import Graph
from models.export.blocks import from_blocks, packed_tensor, to_blocks
from models.export.int8 import int8_graph
from models.export.ranges import measure_ranges
from tests.models.export.test_int8 import network_of, session, texts

WHOLE = arrays(np.int8, (3, 64), elements=st.integers(-8, 7))


@given(WHOLE, arrays(np.float16, (3, 2), elements=st.sampled_from([0.25, -0.5, 3.0])))
def test_a_table_of_blocks_comes_back(whole: np.ndarray, scales: np.ndarray) -> None:
    whole[:, ::32] = -8  # the value farthest from zero, by which the scale is told
    table = from_blocks(whole, scales)
    found = to_blocks(table)
    assert found is not None
    np.testing.assert_array_equal(found[0], whole)
    np.testing.assert_array_equal(from_blocks(*found), table)


@given(arrays(np.float32, (2, 32), elements=st.floats(-2, 2, width=32)))
def test_no_table_is_changed(table: np.ndarray) -> None:
    found = to_blocks(table)
    if found is not None:
        np.testing.assert_array_equal(from_blocks(*found), table)


def test_other_widths_and_other_values_are_left_alone() -> None:
    assert to_blocks(np.zeros((2, 20), np.float32)) is None
    assert to_blocks(np.random.default_rng(1).standard_normal((2, 32)).astype(np.float32)) is None


def test_zeros_are_blocks_too() -> None:
    found = to_blocks(np.zeros((2, 32), np.float32))
    assert found is not None
    assert not from_blocks(*found).any()


@given(WHOLE)
def test_onnx_reads_the_packed_numbers(whole: np.ndarray) -> None:
    read = onnx.numpy_helper.to_array(packed_tensor("table", whole)).astype(np.int8)
    np.testing.assert_array_equal(read, whole)


@torch.inference_mode()
def test_word_vectors_in_blocks_are_served_and_read_back_unchanged(tmp_path: Path) -> None:
    network = network_of("bert")
    words = network.encoder.get_input_embeddings()  # type: ignore[operator]
    draw = np.random.default_rng(2)
    whole = draw.integers(-8, 8, words.weight.shape).astype(np.int8)
    whole[:, 0] = -8
    table = from_blocks(whole, draw.choice([0.01, 0.02], (len(whole), 1)).astype(np.float16))
    words.weight.copy_(torch.from_numpy(table))
    graph = int8_graph(network, measure_ranges(network, texts(40)))
    onnx.save(graph, tmp_path / "model.onnx")

    read = Graph(tmp_path / "model.onnx").table("encoder.embeddings.word_embeddings")
    assert read is not None
    np.testing.assert_array_equal(read, table)
    run = session(graph)
    for ids in texts(5, seed=1):
        (pooled,) = run.run(["pooled"], {"input_ids": [ids]})
        row = torch.tensor([ids])
        hidden = network.encoder(row, attention_mask=torch.ones_like(row)).last_hidden_state
        np.testing.assert_allclose(pooled[0], hidden.mean(1)[0].numpy(), atol=0.1)
