"""Build the graph that is served: a BERT encoder and its heads in static int8, laid out for ONNX Runtime.

Every linear product of the encoder multiplies uint8 by int8 (weights symmetric, a scale a column; inputs with
one static range a product), so that a text's logits are the same whatever else is in its batch. What lies
between stays float32, in the operators that ONNX Runtime runs fastest on a CPU (docs/models/serving.md has
the measurements): biases inside the products, `Add` and `LayerNormalization` apart, `Attention` of opset 23,
GELU by tanh. The graph knows no padding: the texts of a batch have the same number of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.errors import ModelError
from models.export.blocks import BLOCK, packed_tensor, to_blocks
from models.training.network import ToneTopicNetwork

Range = tuple[float, float]
"""Lowest and highest value that the input of a product takes."""
Array = npt.NDArray[Any]

MODEL_TYPES: Final = ("bert", "roberta", "xlm-roberta")
_ACTIVATIONS: Final = {
    "gelu": "FastGelu",
    "gelu_new": "FastGelu",
    "gelu_pytorch_tanh": "FastGelu",
    "relu": "Relu",
}
_CONTRIBUTED: Final = ("MatMulIntegerToFloat", "FastGelu", "GatherBlockQuantized")
_OPSETS: Final = (("", 23), ("com.microsoft", 1))
_IR_VERSION: Final = 11


def unsupported(network: ToneTopicNetwork) -> str:
    """Say why `int8_graph` cannot build this network; empty when it can."""
    config: Any = network.encoder.config
    if config.model_type not in MODEL_TYPES:
        return f"the encoder is a {config.model_type}, not one of {', '.join(MODEL_TYPES)}"
    if config.hidden_act not in _ACTIVATIONS:
        return f"its activation is {config.hidden_act!r}, not one of {', '.join(_ACTIVATIONS)}"
    if getattr(config, "position_embedding_type", None) not in ("absolute", None):
        return "its positions are relative"
    return ""


def int8_graph(network: ToneTopicNetwork, ranges: Mapping[str, Range]) -> onnx.ModelProto:
    """Quantise a network: `input_ids` (batch, length) → `tone`, `topic`, and `pooled` (batch, width).

    `ranges` holds the range of every layer product's input by the product's name within the encoder, as
    `models.export.ranges` measures it and training with quantisation noise keeps it. Nodes are named after
    the network's modules, constants after its parameters. Raises ModelError for a network that is none of
    these, and for a range that is missing.
    """
    reason = unsupported(network)
    if reason:
        raise ModelError(f"the int8 graph cannot be built: {reason}")
    state = {name: tensor.detach().float().cpu().numpy() for name, tensor in network.state_dict().items()}
    config: Any = network.encoder.config
    graph = _Graph(state)
    hidden = _embeddings(graph, config)
    for layer in range(config.num_hidden_layers):
        hidden = _layer(graph, config, ranges, f"encoder.layer.{layer}", hidden)
    _pool(graph, hidden)
    sizes = {head: _head(graph, head) for head in ("tone", "topic")} | {"pooled": int(config.hidden_size)}
    return graph.model(sizes)


class _Graph:
    """Nodes and constants of the graph, in the order in which they are added."""

    def __init__(self, state: Mapping[str, Array]) -> None:
        self.state = state
        """The network's parameters."""
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def add(self, op: str, inputs: Sequence[str], output: str, module: str, **attributes: Any) -> str:
        """Add a node of a module; returns the name of its output."""
        domain = "com.microsoft" if op in _CONTRIBUTED else ""
        name = f"/{module.replace('.', '/')}/{op}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [output], name=name, domain=domain, **attributes))
        return output

    def constant(self, name: str, value: Array) -> str:
        """Add a constant, where it is not there yet; returns its name."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def keep(self, tensor: onnx.TensorProto) -> None:
        """Add a constant that is an ONNX tensor already."""
        self._constants[tensor.name] = tensor

    def has(self, output: str) -> bool:
        """Whether a node makes this value."""
        return any(output in node.output for node in self._nodes)

    def parameter(self, name: str) -> str:
        """Add a parameter of the network as it is; returns its name."""
        return self.constant(name, self.state[name])

    def model(self, outputs: Mapping[str, int]) -> onnx.ModelProto:
        """The whole, with these outputs and their widths."""
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])
        results = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
            for name, width in outputs.items()
        ]
        graph = helper.make_graph(self._nodes, "tocsin", [ids], results, list(self._constants.values()))
        opsets = [helper.make_opsetid(domain, version) for domain, version in _OPSETS]
        model = helper.make_model(graph, producer_name="tocsin", opset_imports=opsets)
        model.ir_version = _IR_VERSION
        return model


def _embeddings(graph: _Graph, config: Any) -> str:
    module = "encoder.embeddings"
    offset = config.pad_token_id + 1 if config.model_type != "bert" else 0
    length = graph.add("Shape", ["input_ids"], "length", module, start=1, end=2)
    last = graph.add("Add", [length, graph.constant("first", np.array([offset]))], "last", module)
    places = graph.constant("places", np.arange(config.max_position_embeddings))
    positions = graph.add("Slice", [places, "first", last], "positions", module)
    # Every text is of the first type, so that its vector can be part of the positions'.
    types = graph.state[f"{module}.token_type_embeddings.weight"][:1]
    words = _look_up(graph, f"{module}.word_embeddings", "input_ids")
    where = _look_up(graph, f"{module}.position_embeddings", positions, types)
    return _normalise(graph, config, f"{module}.LayerNorm", words, where)


def _look_up(graph: _Graph, module: str, ids: str, plus: Array | float = 0.0) -> str:
    """Rows of an embedding table that is kept in int8, a scale a row, or in 4 bits where it comes so."""
    table = graph.state[f"{module}.weight"] + plus
    blocks = to_blocks(table.astype(np.float32))
    if blocks is not None:
        graph.keep(packed_tensor(f"{module}.weight", blocks[0]))
        inputs = [f"{module}.weight", ids, graph.constant(f"{module}.weight.scale", blocks[1])]
        half = graph.add(
            "GatherBlockQuantized",
            inputs,
            f"{module}.half",
            module,
            gather_axis=0,
            quantize_axis=1,
            block_size=BLOCK,
        )
        return graph.add("Cast", [half], f"{module}.rows", module, to=TensorProto.FLOAT)
    rounded, scale = quantised(table.astype(np.float32), axis=1)
    rows = graph.add("Gather", [graph.constant(f"{module}.weight", rounded), ids], f"{module}.int8", module)
    floats = graph.add("Cast", [rows], f"{module}.float", module, to=TensorProto.FLOAT)
    scales = graph.add(
        "Gather", [graph.constant(f"{module}.weight.scale", scale), ids], f"{module}.scale", module
    )
    return graph.add("Mul", [floats, scales], f"{module}.rows", module)


def _layer(graph: _Graph, config: Any, ranges: Mapping[str, Range], name: str, hidden: str) -> str:
    attention = f"{name}.attention"
    parts = [
        _product(graph, ranges, f"{attention}.self.{part}", hidden) for part in ("query", "key", "value")
    ]
    heads = config.num_attention_heads
    mixed = graph.add(
        "Attention",
        parts,
        f"{attention}.mixed",
        f"encoder.{attention}.self",
        q_num_heads=heads,
        kv_num_heads=heads,
    )
    out = _product(graph, ranges, f"{attention}.output.dense", mixed)
    hidden = _normalise(graph, config, f"encoder.{attention}.output.LayerNorm", out, hidden)
    inner = _product(graph, ranges, f"{name}.intermediate.dense", hidden)
    active = graph.add(
        _ACTIVATIONS[config.hidden_act], [inner], f"{name}.active", f"encoder.{name}.intermediate"
    )
    out = _product(graph, ranges, f"{name}.output.dense", active)
    return _normalise(graph, config, f"encoder.{name}.output.LayerNorm", out, hidden)


def _product(graph: _Graph, ranges: Mapping[str, Range], name: str, value: str) -> str:
    """A linear product in int8; products that read the same value share its rounding."""
    if name not in ranges:
        raise ModelError(f"the int8 graph cannot be built: no range is known for the input of {name}")
    module = f"encoder.{name}"
    scale, zero = input_scale(ranges[name])
    given = [graph.constant(f"{value}.step", scale), graph.constant(f"{value}.zero", zero)]
    rounded = f"{value}.uint8"
    if not graph.has(rounded):
        graph.add("QuantizeLinear", [value, *given], rounded, module)
    weight, scales = quantised(graph.state[f"{module}.weight"].T, axis=0)
    inputs = [
        rounded,
        graph.constant(f"{module}.weight", weight),
        given[0],
        graph.constant(f"{module}.weight.scale", scales.reshape(-1)),
        given[1],
        graph.constant(f"{module}.weight.zero", np.zeros(weight.shape[1], np.int8)),
        graph.parameter(f"{module}.bias"),
    ]
    return graph.add("MatMulIntegerToFloat", inputs, f"{module}.out", module)


def _normalise(graph: _Graph, config: Any, module: str, value: str, residual: str) -> str:
    total = graph.add("Add", [value, residual], f"{module}.sum", module)
    inputs = [total, graph.parameter(f"{module}.weight"), graph.parameter(f"{module}.bias")]
    return graph.add(
        "LayerNormalization", inputs, f"{module}.out", module, axis=-1, epsilon=float(config.layer_norm_eps)
    )


# Pooling and heads are float32. Their operators are chosen so that the last bit of a text's result does not
# depend on how many texts the batch has: the kernels for means over tokens and for matrix products change
# with that.


def _pool(graph: _Graph, hidden: str) -> None:
    """The mean over the tokens, as the product of a row of ones and each text's states."""
    one = helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
    shape = graph.add("Concat", [graph.constant("one", np.array([1])), "length"], "row", "pool", axis=0)
    ones = graph.add("ConstantOfShape", [shape], "ones", "pool", value=one)
    total = graph.add("MatMul", [ones, hidden], "total", "pool")
    count = graph.add("Cast", ["length"], "count", "pool", to=TensorProto.FLOAT)
    graph.add("Div", [total, count], "mean", "pool")
    graph.add("Squeeze", ["mean", "one"], "pooled", "pool")


def _head(graph: _Graph, head: str) -> int:
    weight = graph.state[f"{head}.weight"]
    terms = graph.add("Mul", ["mean", graph.parameter(f"{head}.weight")], f"{head}.terms", head)
    last = graph.constant("features", np.array([2]))
    total = graph.add("ReduceSum", [terms, last], f"{head}.sum", head, keepdims=0)
    graph.add("Add", [total, graph.parameter(f"{head}.bias")], head, head)
    return int(weight.shape[0])


def quantised(weights: Array, axis: int) -> tuple[Array, Array]:
    """Weights as int8 and the scales, float32, one for all values along `axis`; zero stays zero."""
    scale = np.abs(weights).max(axis=axis, keepdims=True).astype(np.float32) / np.float32(127)
    scale = np.where(scale > 0, scale, np.float32(1)).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


def input_scale(limits: Range) -> tuple[Array, Array]:
    """Step, float32, and zero point, uint8, of a range that is widened to hold zero."""
    low, high = min(limits[0], 0.0), max(limits[1], 0.0)
    step = np.float32(max((high - low) / 255, 1e-8))
    return np.array(step), np.array(np.clip(np.rint(-low / step), 0, 255).astype(np.uint8))
