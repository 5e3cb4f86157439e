"""Speeds of a served model, of the plain pipeline, and of int8 products with nothing around them."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime as ort

from benchmarks.classifier import plain_pipeline
from models.export.source import open_source
from models.serving.backend import cuda_is_there
from models.serving.classifier import Classifier
from models.serving.opening import open_model
from models.serving.tokens import TokenRows

_ROWS = 1024
"""Tokens of a product, as many as the served model runs at once."""


class Encoder(NamedTuple):
    """The sizes that decide how much there is to multiply."""

    layers: int
    width: int
    inner: int
    """Width inside the feed-forward parts."""

    def operations(self, tokens: Sequence[int]) -> float:
        """Multiplications and additions of the linear products over texts of so many tokens."""
        return 2.0 * sum(tokens) * self.layers * (4 * self.width**2 + 2 * self.width * self.inner)


def medians(runs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds that each takes, the median of rounds in which they take turns: machines are noisy."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def int8_products(encoder: Encoder) -> tuple[Callable[[], object], float]:
    """The uint8 × int8 products of one layer, a thread a core; and how many operations they are.

    Nothing else is done: no quantising, no attention, no norms. So many operations a second are what the
    machine can do at best.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(1)
    width, inner = encoder.width, encoder.inner
    shapes = [(width, width)] * 4 + [(width, inner), (inner, width)]
    nodes = [
        helper.make_node("MatMulInteger", [f"x{a}", f"w{i}"], [f"y{i}"]) for i, (a, _) in enumerate(shapes)
    ]
    weights = [
        numpy_helper.from_array(random.integers(-127, 127, shape, np.int8, endpoint=True), f"w{i}")
        for i, shape in enumerate(shapes)
    ]
    inputs = [helper.make_tensor_value_info(f"x{a}", TensorProto.UINT8, [_ROWS, a]) for a in (width, inner)]
    outputs = [
        helper.make_tensor_value_info(f"y{i}", TensorProto.INT32, [_ROWS, b])
        for i, (_, b) in enumerate(shapes)
    ]
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(onnx.ModelProto.SerializeToString(model), options)
    feed = {f"x{a}": random.integers(0, 255, (_ROWS, a), np.uint8, endpoint=True) for a in (width, inner)}
    cores = os.cpu_count() or 1
    repeats = 200 * cores

    def run() -> object:
        with ThreadPoolExecutor(cores) as pool:
            return list(pool.map(lambda _: session.run(None, feed) and None, range(repeats)))

    return run, repeats * Encoder(1, width, inner).operations([_ROWS])


def cpu_speeds(preset: str, reference: Path | None, texts: Sequence[str], rounds: int) -> dict[str, float]:
    """Documents a second of the served model, of `transformers.pipeline`, and of the bare int8 products."""
    served = Classifier.load(preset, backend="onnx", cache=0)
    config = open_source(preset).network.encoder.config
    encoder = Encoder(config.num_hidden_layers, config.hidden_size, config.intermediate_size)
    plain = plain_pipeline(reference or preset)
    products, operations = int8_products(encoder)
    # The plain pipeline is slow: a tenth of the texts tells as much.
    few = texts[:: max(1, len(texts) // 200)]
    runs = {
        "served": lambda: served.classify(texts),
        "plain": lambda: plain(few),
        "products": products,
    }
    for run in runs.values():
        run()
    taken = medians(runs, rounds)
    floor = taken["products"] / operations * encoder.operations(served.token_counts(texts))
    return {
        "served": len(texts) / taken["served"],
        "plain": len(few) / taken["plain"],
        "floor": len(texts) / floor,
    }


def gpu_speeds(preset: str, texts: Sequence[str], rounds: int) -> dict[str, float] | None:
    """Documents a second on a GPU, from text and from token ids; None where there is no GPU."""
    if not cuda_is_there():
        return None
    classifier = Classifier.load(preset, backend="torch", device="cuda", cache=0)
    opened = open_model(preset, "torch", device="cuda")
    opened.tokenizer.enable_truncation(opened.manifest.max_length)
    ids = TokenRows.of(encoding.ids for encoding in opened.tokenizer.encode_batch_fast(list(texts)))
    runs: dict[str, Callable[[], object]] = {
        "text": lambda: classifier.classify(texts),
        "ids": lambda: opened.backend.logits(ids),
    }
    for run in runs.values():
        run()
    return {name: len(texts) / taken for name, taken in medians(runs, rounds).items()}
