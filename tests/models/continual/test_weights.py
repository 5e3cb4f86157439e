from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer

from models.continual.graph import Graph, dequantise
from models.continual.weights import checkpoint_from_served, network_from_onnx
from models.data import Corpus
from models.errors import ModelError
from models.serving.classifier import Classifier
from models.serving.manifest import read_manifest, write_manifest
from models.serving.opening import PRESETS
from models.training.checkpoint import load_checkpoint
from models.training.encoding import encode
from models.training.loop import Trained, logits
from models.training.network import ToneTopicNetwork


def test_the_network_comes_back_but_for_the_rounding_of_its_weights(
    tiny_served: Path, tiny_trained: Trained
) -> None:
    rebuilt = network_from_onnx(tiny_served).state_dict()
    was = dict(tiny_trained.network.state_dict())
    assert rebuilt.keys() == was.keys()
    # The graph keeps the vector of the first type, the only one there is, as a part of the positions'.
    types = was.pop("encoder.embeddings.token_type_embeddings.weight")
    was["encoder.embeddings.position_embeddings.weight"] = (
        was["encoder.embeddings.position_embeddings.weight"] + types[0]
    )
    for name, tensor in was.items():
        step = float(tensor.abs().max()) / 127
        assert float((rebuilt[name] - tensor).abs().max()) <= 1.01 * step, name


def test_it_answers_as_the_served_model_does(tiny_served: Path, tiny_corpus: Corpus) -> None:
    texts = [example.text for example in (*tiny_corpus.train, *tiny_corpus.dev)]
    served = Classifier.load(tiny_served, threads=1)
    network = network_from_onnx(tiny_served)
    assert not network.training
    _, tokenizer, _ = load_checkpoint_of(tiny_served, tiny_served.parent / "again")
    tone, topic = logits(network, encode(tokenizer, texts), network.pad_id)
    said = served.classify(texts)
    assert (tone.argmax(1).numpy() == said.tone).mean() >= 0.97
    assert (topic.argmax(1).numpy() == said.topic).mean() >= 0.97


def load_checkpoint_of(served: Path, folder: Path) -> tuple[ToneTopicNetwork, Tokenizer, dict[str, Any]]:
    checkpoint_from_served(served, folder)
    return load_checkpoint(folder)


def test_its_checkpoint_can_be_trained_on_and_knows_its_topics(tiny_served: Path, tmp_path: Path) -> None:
    network, _, training = load_checkpoint_of(tiny_served, tmp_path / "checkpoint")
    manifest = read_manifest(tiny_served)
    assert tuple(training["topics"]) == manifest.topics
    assert network.topic.out_features == len(manifest.topics)
    assert all(parameter.dtype == torch.float32 for parameter in network.parameters())


def test_the_preset_comes_back() -> None:
    network = network_from_onnx(PRESETS / "en")
    config = network.encoder.config
    assert (config.hidden_size, config.num_attention_heads, config.num_hidden_layers) == (384, 12, 6)


def altered(served: Path, folder: Path, change: Callable[[onnx.GraphProto], None]) -> Path:
    """The served model with another graph, whose manifest says it is right."""
    shutil.copytree(served, folder)
    model = onnx.load(folder / "model.onnx")
    change(model.graph)
    onnx.save(model, folder / "model.onnx")
    write_manifest(folder, read_manifest(served))
    return folder


def test_a_graph_without_a_layer_s_weights_is_refused_by_name(tiny_served: Path, tmp_path: Path) -> None:
    def rename(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            node.name = node.name.replace("layer/1/output/dense", "elsewhere")

    with pytest.raises(ModelError, match=r"for encoder\.encoder\.layer\.1\.output\.dense\.weight"):
        network_from_onnx(altered(tiny_served, tmp_path / "renamed", rename))


def test_weights_of_another_model_are_told_by_the_golden_sentences(tiny_served: Path, tmp_path: Path) -> None:
    def negate(graph: onnx.GraphProto) -> None:
        for tensor in graph.initializer:
            if tensor.name.endswith("LayerNorm.weight"):
                value = numpy_helper.to_array(tensor)
                tensor.CopyFrom(numpy_helper.from_array(-value, tensor.name))

    with pytest.raises(ModelError, match="golden"):
        network_from_onnx(altered(tiny_served, tmp_path / "negated", negate))


def test_what_is_no_bert_is_refused(tiny_served: Path, tmp_path: Path) -> None:
    def rename(graph: onnx.GraphProto) -> None:
        for node in graph.node:
            node.name = node.name.replace("word_embeddings", "words")

    with pytest.raises(ModelError, match="not the graph of a BERT"):
        network_from_onnx(altered(tiny_served, tmp_path / "other", rename))


# Other ways to store a product or a table


def saved(tmp_path: Path, nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray]) -> Graph:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph), tmp_path / "graph.onnx")
    return Graph(tmp_path / "graph.onnx")


WEIGHT = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)
SCALE = np.array([0.5, 1, 2, 4], np.float32)
ZERO = np.array([0, 1, 0, -1], np.int8)
FLOAT = (WEIGHT - ZERO.astype(np.float32)) * SCALE


@pytest.mark.parametrize(
    ("node", "turned"),
    [
        (("MatMulIntegerToFloat", ["x", "w", "xs", "s", "", "z"], {}), False),
        (("QLinearMatMul", ["x", "xs", "", "w", "s", "z", "", ""], {}), False),
        (("QGemm", ["x", "xs", "", "wt", "s", "z", "b"], {"transB": 1}), True),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_products_of_integers_are_read(
    tmp_path: Path, node: tuple[str, list[str], dict[str, Any]], turned: bool
) -> None:
    kind, inputs, attributes = node
    graph = saved(
        tmp_path,
        [helper.make_node(kind, inputs, ["y"], "/part/MatMul", **attributes)],
        {
            "w": WEIGHT,
            "wt": np.ascontiguousarray(WEIGHT.T),
            "s": SCALE,
            "z": ZERO,
            "xs": np.array(0.25, np.float32),
            "b": np.array([4, 4, 4, 4], np.int32),
        },
    )
    found = graph.product("part")
    assert found is not None
    np.testing.assert_array_equal(found[0], FLOAT)
    if turned:
        np.testing.assert_array_equal(found[1], [0.5, 1, 2, 4])


def test_a_table_of_integers_that_is_scaled_after_the_look_up_is_read(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Gather", ["w", "x"], ["rows"], "/words/Gather"),
        helper.make_node("DequantizeLinear", ["rows", "s"], ["y"], "/words/Dequantize", axis=2),
    ]
    table = saved(tmp_path, nodes, {"w": WEIGHT, "s": SCALE}).table("words")
    np.testing.assert_array_equal(table, WEIGHT * SCALE)


def test_scales_lie_along_the_axis_that_is_named() -> None:
    rows = np.array([1, 2, 3], np.float32)
    np.testing.assert_array_equal(dequantise(WEIGHT, rows, axis=0), WEIGHT * rows[:, None])
    np.testing.assert_array_equal(dequantise(WEIGHT, np.array([3], np.float32)), WEIGHT * 3.0)


def test_a_file_that_is_no_graph_is_told(tmp_path: Path) -> None:
    (tmp_path / "graph.onnx").write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match="cannot be read as ONNX"):
        Graph(tmp_path / "graph.onnx")
