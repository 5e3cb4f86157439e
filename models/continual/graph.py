"""Read the constants of an ONNX graph as float32, however they are stored: plain, or as 8-bit integers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from models.errors import ModelError
from models.export.blocks import from_blocks

Array = npt.NDArray[Any]


class Graph:
    """An ONNX file's nodes and constants, found by the module of the network that they come from.

    The exporter names a node after its module: `/encoder/encoder/layer.0/output/dense/MatMul` belongs to
    `encoder.encoder.layer.0.output.dense`.
    """

    def __init__(self, file: Path) -> None:
        try:
            graph = onnx.load(file).graph
        except Exception as error:  # protobuf and onnx raise classes of their own
            raise ModelError(f"{file} cannot be read as ONNX: {error}") from error
        self.nodes = list(graph.node)
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._makers = {output: node for node in self.nodes for output in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self._users.setdefault(name, []).append(node)

    def of(self, module: str) -> Iterator[onnx.NodeProto]:
        """Nodes of a module itself, not of those within it."""
        return (node for node in self.nodes if module_of(node) == module)

    def modules(self) -> set[str]:
        """Every module that has nodes of its own."""
        return {module_of(node) for node in self.nodes}

    def constant(self, name: str) -> Array | None:
        """A tensor that does not depend on the inputs, integers turned back to float32; None for others."""
        if name in self._stored:
            return onnx.numpy_helper.to_array(self._stored[name])
        node = self._makers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return onnx.numpy_helper.to_array(attribute(node, "value", None))
        if node.op_type not in ("DequantizeLinear", "Transpose", "Identity", "Cast"):
            return None
        inputs = [self.constant(each) for each in node.input]
        if any(each is None for each in inputs):
            return None
        values: list[Any] = inputs
        if node.op_type == "DequantizeLinear":
            return dequantise(*values, axis=attribute(node, "axis", 1))
        if node.op_type == "Transpose":
            transposed: Array = np.transpose(values[0], attribute(node, "perm", None))
            return transposed
        first: Array = values[0]
        return first if node.op_type == "Identity" else first.astype(np.float32)

    def product(self, module: str) -> tuple[Array, Array | None] | None:
        """Weight, (inputs, outputs), and where it has one the bias of a module's product with a constant."""
        for node in self.of(module):
            found = self._operand(node)
            if found is not None:
                weight, bias = found
                return weight.astype(np.float32), self._bias(module) if bias is None else bias
        return None

    def table(self, module: str) -> Array | None:
        """Rows that a module looks up, (rows, width)."""
        for node in self.of(module):
            if node.op_type == "GatherBlockQuantized":
                whole, scales = self.constant(node.input[0]), self.constant(node.input[2])
                if whole is not None and scales is not None:
                    return from_blocks(whole.astype(np.int8), scales)
            if node.op_type != "Gather":
                continue
            rows = self.constant(node.input[0])
            if rows is None or rows.ndim != 2:
                continue
            if rows.dtype.kind == "f":
                return rows
            scale = self.constant(f"{module}.weight.scale")
            if scale is not None:
                return dequantise(rows, scale, axis=0)
            for user in self._users.get(node.output[0], []):
                if user.op_type == "DequantizeLinear":
                    rest: list[Any] = [self.constant(each) for each in user.input[1:]]
                    # The scale lies along the last axis of what was looked up, if it is not one for all.
                    return dequantise(rows, *rest, axis=1)
        return None

    def _operand(self, node: onnx.NodeProto) -> tuple[Array, Array | None] | None:
        if node.op_type in ("MatMul", "Gemm"):
            weight = self.constant(node.input[1])
            if weight is None or weight.ndim != 2:
                return None
            bias = self.constant(node.input[2]) if len(node.input) > 2 else None
            return (weight.T if attribute(node, "transB", 0) else weight), bias
        places = {"QLinearMatMul": (3, 4, 5), "MatMulIntegerToFloat": (1, 3, 5), "QGemm": (3, 4, 5)}
        if node.op_type not in places:
            return None
        data, scale, zero = (self.constant(node.input[place]) for place in places[node.op_type])
        if data is None or scale is None:
            return None
        turned = bool(attribute(node, "transB", 0))
        weight = dequantise(data, scale, zero, axis=0 if turned else 1)
        bias = None
        if node.op_type == "QGemm" and len(node.input) > 6 and node.input[6]:
            whole, input_scale = self.constant(node.input[6]), self.constant(node.input[1])
            if whole is not None and input_scale is not None:
                bias = (whole * input_scale * scale).astype(np.float32)
        return (weight.T if turned else weight), bias

    def _bias(self, module: str) -> Array | None:
        by_name = self.constant(f"{module}.bias")
        if by_name is not None:
            return by_name
        for node in self.of(module):
            if node.op_type == "Add":
                for name in node.input:
                    value = self.constant(name)
                    if value is not None and value.ndim == 1:
                        return value
        return None


def module_of(node: onnx.NodeProto) -> str:
    """The module that a node was exported from, `encoder.embeddings`; empty for the network itself."""
    path: str = node.name.strip("/").rpartition("/")[0]
    return path.replace("/", ".")


def attribute(node: onnx.NodeProto, name: str, default: Any) -> Any:
    """An attribute's value, or what it is when it is not there."""
    for each in node.attribute:
        if each.name == name:
            return onnx.helper.get_attribute_value(each)
    return default


def dequantise(data: Array, scale: Array, zero: Array | None = None, *, axis: int = 1) -> Array:
    """(data - zero) x scale as float32; scale and zero point hold one value, or one a place along `axis`."""

    def spread(values: Array) -> Array:
        if values.size == 1:
            return values.reshape(())
        shape = [1] * data.ndim
        shape[axis] = values.size
        return values.reshape(shape)

    moved = data.astype(np.float32) - (0 if zero is None else spread(zero).astype(np.float32))
    scaled: Array = (moved * spread(scale)).astype(np.float32)
    return scaled
