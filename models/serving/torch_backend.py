"""Run a model on PyTorch: bfloat16 on a CUDA device, float32 on the CPU as the reference for the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Final, Literal

import numpy as np
import torch

from models.errors import ModelError
from models.serving.backend import Outputs
from models.serving.lane import Lane, warm_up
from models.serving.packed_encoder import PackedEncoder
from models.serving.packing import Pack, Size, packs
from models.serving.tokens import TokenRows
from models.training.network import ToneTopicNetwork

log = logging.getLogger(__name__)

CPU_TOKENS: Final = 512
CUDA_TOKENS: Final = 16_384
"""Tokens of a pack: on a GPU enough that starting its kernels does not matter."""
LANES: Final = 2
"""Packs that are under way on a GPU."""

DtypeName = Literal["float32", "bfloat16"]


class TorchBackend:
    """A network over packs of one fixed size, so that a text's result is the same to the bit in any company.

    On CUDA the next pack is filled and sent while one runs. Calls from several threads take turns.
    """

    def __init__(
        self,
        network: ToneTopicNetwork,
        longest: int,
        *,
        device: str = "cpu",
        dtype: DtypeName | None = None,
        tokens: int | None = None,
    ) -> None:
        """`longest` is the tokens of the longest text; of the network's parameters it makes its own.

        Raises ModelError when there is no such device, or the encoder is none that it can run.
        """
        self._device = _device(device)
        on_gpu = self._device.type == "cuda"
        dtype = dtype or ("bfloat16" if on_gpu else "float32")
        self.arithmetic = f"{dtype} on {self._device.type}"
        self.chunk = 8192 if on_gpu else 1024
        self._size = Size.of(tokens or (CUDA_TOKENS if on_gpu else CPU_TOKENS), longest)
        self._tones = network.tone.out_features
        encoder = PackedEncoder(network.eval(), longest).to_dtype(getattr(torch, dtype)).to(self._device)
        self._lock = Lock()
        with torch.inference_mode(), _exact_products():
            if on_gpu:
                self._fuse(encoder)
            self._lanes = [Lane(encoder, self._size, self._device) for _ in range(LANES if on_gpu else 1)]

    def logits(self, ids: Sequence[Sequence[int]] | TokenRows, *, pooled: bool = False) -> Outputs:
        """Run texts, given as token ids; see `Backend.logits`."""
        found = [np.empty((len(ids), width), np.float32) for width in self._lanes[0].widths[: 1 + pooled]]
        running: list[Lane] = []

        def finish() -> None:
            which, parts = running.pop(0).finish()
            for all_texts, part in zip(found, parts, strict=True):
                all_texts[which] = part

        with self._lock, torch.inference_mode(), _exact_products():
            for number, pack in enumerate(self._packs(ids)):
                if len(running) == len(self._lanes):
                    finish()
                lane = self._lanes[number % len(self._lanes)]
                lane.start(pack, pooled=pooled)
                running.append(lane)
            while running:
                finish()
        heads = found[0]
        return Outputs(heads[:, : self._tones], heads[:, self._tones :], found[1] if pooled else None)

    def _packs(self, ids: Sequence[Sequence[int]] | TokenRows) -> Iterator[Pack]:
        """Packs of all texts; lists are taken bit by bit, so that the device need not wait for the last."""
        if isinstance(ids, TokenRows):
            yield from packs(ids, self._size)
            return
        for start in range(0, len(ids), self.chunk):
            for pack in packs(TokenRows.of(ids[start : start + self.chunk]), self._size):
                yield pack._replace(first=start + pack.first)

    def _fuse(self, encoder: PackedEncoder) -> None:
        try:
            warm_up(encoder.fuse(), self._size, self._device)
        except Exception as error:  # of the compiler, of Triton, of the C compiler that it calls
            log.warning("fused kernels cannot be made here, slower ones are used: %s", error)
            encoder.unfuse()
            warm_up(encoder, self._size, self._device)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ModelError(f"there is no device {name!r}: cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda"):
        raise ModelError(f"the torch backend runs on cpu or cuda, not on {name!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(
            f"device {name!r}: PyTorch sees no CUDA device. Install the NVIDIA driver and a PyTorch with "
            "CUDA, or take device cpu"
        )
    return device


@contextmanager
def _exact_products() -> Iterator[None]:
    """Multiply float32 as float32: training in this process may have allowed less."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
