"""Run a served model's graph on ONNX Runtime, on the CPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort

from models.errors import ModelError
from models.serving.backend import Floats, Outputs
from models.serving.batching import Batch, bucket_batches
from models.serving.tokens import TokenRows, as_rows

BATCH_TOKENS = 1024
"""Tokens of a batch: enough to fill tiles, so few that what lies between the layers stays in the cache."""

_SLOW = ("SkipLayerNormFusion",)
"""The fused `Add` and `LayerNormalization` takes seven times as long as the two apart (ONNX Runtime 1.32)."""


class OnnxBackend:
    """A graph from `input_ids` to `tone`, `topic` and, in newer models, `pooled`; for any number of threads.

    Batches run side by side, each on one thread: that keeps cores busier than one batch on all of them.
    `threads` 0 takes every core. A graph that asks for an `attention_mask` gets one without gaps.
    """

    arithmetic = "onnx on cpu"
    chunk = 1024

    def __init__(self, file: Path, threads: int = 0, batch_tokens: int | None = None) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Shapes differ from batch to batch: remembered allocation patterns would only pile up.
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(
                str(file), options, providers=["CPUExecutionProvider"], disabled_optimizers=list(_SLOW)
            )
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base but Exception
            raise ModelError(f"{file} cannot be loaded by ONNX Runtime: {error}") from error
        self._wants_mask = "attention_mask" in {each.name for each in self._session.get_inputs()}
        widths = {each.name: each.shape[-1] for each in self._session.get_outputs()}
        missing = {"tone", "topic"} - widths.keys()
        if missing:
            raise ModelError(f"{file} is no classifier of ours: its graph has no output {', '.join(missing)}")
        self._outputs = [name for name in ("tone", "topic", "pooled") if name in widths]
        self._widths = widths
        self._batch_tokens = batch_tokens or BATCH_TOKENS
        self._threads = ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="onnx")

    def logits(self, ids: Sequence[Sequence[int]] | TokenRows, *, pooled: bool = False) -> Outputs:
        """Run texts, given as token ids; see `Backend.logits`."""
        rows = as_rows(ids)
        names = [name for name in self._outputs if name != "pooled" or pooled]

        def run(batch: Batch) -> list[Floats]:
            inputs = {"input_ids": rows.equally_long(batch.rows)}
            if self._wants_mask:
                inputs["attention_mask"] = np.ones_like(inputs["input_ids"])
            outputs: list[Floats] = self._session.run(names, inputs)
            return outputs

        found: dict[str, Floats] = {}
        batches = bucket_batches(rows.lengths.tolist(), self._batch_tokens)
        for batch, outputs in zip(batches, self._threads.map(run, batches), strict=True):
            for name, part in zip(names, outputs, strict=True):
                if name not in found:
                    found[name] = np.empty((len(rows), part.shape[1]), np.float32)
                found[name][list(batch.rows)] = part
        for name in names:
            width = self._widths[name]
            found.setdefault(name, np.empty((0, width if isinstance(width, int) else 0), np.float32))
        return Outputs(found["tone"], found["topic"], found.get("pooled"))
