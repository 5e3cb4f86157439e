"""Run a served model's graph on ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from models.errors import ModelError
from models.serving.batching import Batch, bucket_batches

Logits = npt.NDArray[np.float32]


class Session:
    """A graph from `input_ids`, `attention_mask` to `tone`, `topic`; safe to share between threads.

    Batches run side by side, each on one thread: that keeps cores busier than one batch on all of them.
    `threads` 0 takes every core.
    """

    def __init__(self, file: Path, threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Shapes differ from batch to batch: remembered allocation patterns would only pile up.
        options.enable_mem_pattern = False
        options.log_severity_level = 3
        try:
            self._session = ort.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime raises classes of its own that share no base but Exception
            raise ModelError(f"{file} cannot be loaded by ONNX Runtime: {error}") from error
        self._threads = ThreadPoolExecutor(threads or os.cpu_count(), thread_name_prefix="onnx")

    def logits(
        self, ids: Sequence[Sequence[int]], *, pad_id: int, batch_tokens: int
    ) -> tuple[Logits, Logits]:
        """Logits of every text, (n, 3) and (n, topics), in the texts' order; `ids` must not be empty."""

        def run(batch: Batch) -> list[Logits]:
            inputs = np.full((len(batch.rows), batch.length), pad_id, dtype=np.int64)
            mask = np.zeros((len(batch.rows), batch.length), dtype=np.int64)
            for place, row in enumerate(batch.rows):
                inputs[place, : len(ids[row])] = ids[row]
                mask[place, : len(ids[row])] = 1
            outputs: list[Logits] = self._session.run(
                ["tone", "topic"], {"input_ids": inputs, "attention_mask": mask}
            )
            return outputs

        heads: tuple[Logits, Logits] | None = None
        batches = bucket_batches([len(tokens) for tokens in ids], batch_tokens)
        for batch, outputs in zip(batches, self._threads.map(run, batches), strict=True):
            if heads is None:
                tone, topic = (np.empty((len(ids), part.shape[1]), np.float32) for part in outputs)
                heads = tone, topic
            heads[0][list(batch.rows)], heads[1][list(batch.rows)] = outputs
        if heads is None:
            raise ValueError("no texts")
        return heads
