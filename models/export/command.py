"""Make a served model of a checkpoint: `python -m models.export.command CHECKPOINT --out FOLDER`.

ONNX, then static int8 (QDQ; per-channel int8 weights, uint8 activations; products that end the feed-forward
parts compute in float32). The scales are fixed by calibration: with scales taken per batch, as dynamic
quantisation does, a document's score would depend on its neighbours.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy

from models.data import Corpus, data_folder, load_corpus
from models.errors import ModelError
from models.scores import to_scores
from models.serving.batching import bucket_batches
from models.serving.golden import GOLDEN_TEXTS, to_golden
from models.serving.manifest import Manifest, write_manifest
from models.serving.session import Session
from models.taxonomy import TONES, topic_ids
from models.training.checkpoint import load_checkpoint
from models.training.loop import logits, pad
from models.training.network import ToneTopicNetwork
from models.training.recipe import Recipe

CALIBRATION_TEXTS = 400


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Feeds the calibration batches to the quantiser one by one."""

    def __init__(self, batches: Iterator[dict[str, npt.NDArray[np.int64]]]) -> None:
        self._batches = batches

    def get_next(self) -> dict[str, npt.NDArray[np.int64]] | None:
        """The next batch, None at the end."""
        return next(self._batches, None)


def export_onnx(network: ToneTopicNetwork, file: Path) -> None:
    """Write the network as a float32 ONNX graph with free batch and length."""
    network.eval()
    # Plain attention: the fused kernels trace into graphs that the quantiser cannot see into.
    network.encoder.set_attn_implementation("eager")  # type: ignore[operator]
    ids, mask = pad([[1, 2, 3], [1, 2]], 0)
    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (ids, mask),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["tone", "topic"],
            dynamic_axes={
                "input_ids": axes,
                "attention_mask": axes,
                "tone": {0: "batch"},
                "topic": {0: "batch"},
            },
            opset_version=17,
            dynamo=False,
        )
    network.eval()  # the exporter may have put modules back into train mode


def quantise(source: Path, target: Path, ids: Sequence[Sequence[int]], pad_id: int) -> None:
    """Quantise a float32 ONNX file to static int8, with scales taken from the given texts' token ids."""

    def batches() -> Iterator[dict[str, npt.NDArray[np.int64]]]:
        for length, rows in bucket_batches([len(tokens) for tokens in ids], 2048):
            tokens, mask = pad([ids[i] for i in rows], pad_id, length)
            yield {"input_ids": tokens.numpy(), "attention_mask": mask.numpy()}

    with TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        graph = onnx.load(prepared)
        kept = feed_forward_outputs(graph)
        store_weights_as_int8(graph, kept)
        onnx.save(graph, prepared)
        quantize_static(
            str(prepared),
            str(target),
            _Calibration(batches()),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            nodes_to_exclude=kept,
            per_channel=True,
            weight_type=QuantType.QInt8,
            activation_type=QuantType.QUInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


def feed_forward_outputs(graph: onnx.ModelProto) -> list[str]:
    """Names of the products that end each layer's feed-forward part.

    Their inputs have outliers that one uint8 scale cannot hold: quantised, they change 4 % of the answers.
    """
    return [
        node.name
        for node in graph.graph.node
        if node.name.endswith("/output/dense/MatMul") and "attention" not in node.name
    ]


def store_weights_as_int8(graph: onnx.ModelProto, names: Sequence[str]) -> None:
    """Store the named products' weights as int8 with a scale a column; they multiply as float32."""
    initializers = {tensor.name: tensor for tensor in graph.graph.initializer}
    for node in [node for node in graph.graph.node if node.name in set(names)]:
        tensor = initializers[node.input[1]]
        weights = onnx.numpy_helper.to_array(tensor)
        scales = (np.abs(weights).max(axis=0) / 127).astype(np.float32)
        rounded = np.rint(weights / np.where(scales > 0, scales, 1)).astype(np.int8)
        parts = [f"{tensor.name}_{part}" for part in ("int8", "scale", "float")]
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.append(onnx.numpy_helper.from_array(rounded, parts[0]))
        graph.graph.initializer.append(onnx.numpy_helper.from_array(scales, parts[1]))
        expand = onnx.helper.make_node(
            "DequantizeLinear", parts[:2], [parts[2]], f"{node.name}_weights", axis=1
        )
        graph.graph.node.insert(list(graph.graph.node).index(node), expand)
        node.input[1] = parts[2]


def fit_temperature(values: torch.Tensor, labels: torch.Tensor) -> float:
    """The temperature under which softmax(logits / T) is likeliest (Guo et al. 2017), in steps of 0.01."""
    grid = [step / 100 for step in range(30, 301)]
    return min(grid, key=lambda t: float(cross_entropy(values / t, labels)))


def calibration_texts(corpus: Corpus) -> list[str]:
    """Training texts to take the scales from, the same ones every time."""
    rows = sorted(corpus.train, key=lambda example: sha256(example.key.encode()).digest())
    return [example.text for example in rows[:CALIBRATION_TEXTS]]


def _ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]


def export(checkpoint: Path, out: Path, corpus: Corpus) -> dict[str, Any]:
    """Write the served model to `out`; returns how float32 and int8 compare on the development rows."""
    network, tokenizer, training = load_checkpoint(checkpoint)
    recipe = Recipe.model_validate(training["recipe"])
    pad_id = network.pad_id
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        full = Path(folder) / "float32.onnx"
        export_onnx(network, full)
        dev_ids = _ids(tokenizer, [example.text for example in corpus.dev])
        expected = [part.numpy() for part in logits(network, dev_ids, pad_id)]
        exact = Session(full, threads=0).logits(dev_ids, pad_id=pad_id, batch_tokens=4096)
        drift = max(float(np.abs(a - b).max()) for a, b in zip(expected, exact, strict=True))
        if drift > 1e-2:
            raise ModelError(
                f"the exported graph differs from the network by up to {drift:.3g}: do not use it"
            )
        quantise(full, out / "model.onnx", _ids(tokenizer, calibration_texts(corpus)), pad_id)
    tokenizer.save(str(out / "tokenizer.json"))

    session = Session(out / "model.onnx", threads=0)
    served = session.logits(dev_ids, pad_id=pad_id, batch_tokens=4096)
    report: dict[str, Any] = {"float32_drift": drift}
    temperatures = {}
    for task, head, was in zip(("tone", "topic"), served, expected, strict=True):
        rows = [i for i, example in enumerate(corpus.dev) if example.task == task]
        labels = np.array([corpus.dev[i].label for i in rows])
        temperatures[task] = fit_temperature(torch.from_numpy(head[rows]), torch.from_numpy(labels))
        report[task] = {
            "float32_accuracy": round(float((was[rows].argmax(1) == labels).mean()), 4),
            "int8_accuracy": round(float((head[rows].argmax(1) == labels).mean()), 4),
            "same_class": round(float((was[rows].argmax(1) == head[rows].argmax(1)).mean()), 4),
            "temperature": temperatures[task],
        }
    manifest = Manifest(
        name=recipe.name,
        tones=TONES,
        topics=topic_ids(),
        max_length=recipe.max_length,
        pad_id=pad_id,
        temperature_tone=temperatures["tone"],
        temperature_topic=temperatures["topic"],
        training=training,
    )
    said = to_scores(
        *session.logits(_ids(tokenizer, GOLDEN_TEXTS), pad_id=pad_id, batch_tokens=4096),
        temperature_tone=manifest.temperature_tone,
        temperature_topic=manifest.temperature_topic,
    )
    golden = to_golden(GOLDEN_TEXTS, manifest.topics, said)
    write_manifest(out, manifest.model_copy(update={"golden": golden}))
    return report


def main() -> int:
    """Read the command line and export."""
    parser = argparse.ArgumentParser(prog="python -m models.export.command", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the served model")
    arguments = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    try:
        _, _, training = load_checkpoint(arguments.checkpoint)
        recipe = Recipe.model_validate(training["recipe"])
        corpus = load_corpus(data_folder(), recipe.sets, dev_share=recipe.dev_share)
        for key, value in export(arguments.checkpoint, arguments.out, corpus).items():
            print(key, value)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    size = (arguments.out / "model.onnx").stat().st_size
    print(f"wrote {arguments.out}: model.onnx has {size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
