"""Run a model on PyTorch: bfloat16 on a CUDA device, float32 on the CPU as the reference for the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from models.errors import ModelError
from models.serving.backend import Outputs
from models.serving.packed_encoder import Packed, PackedEncoder
from models.serving.packing import Pack, Size, packs
from models.training.network import ToneTopicNetwork

CPU_TOKENS = 512
CUDA_TOKENS = 16_384
"""Tokens of a pack: on a GPU enough to keep it busy, see docs/models/serving.md."""
_WARM_UP = 3

DtypeName = Literal["float32", "bfloat16"]


class _Slot(NamedTuple):
    """Host memory of one pack on its way to the device and back; pinned where the device is a GPU."""

    inputs: Packed
    outputs: tuple[Tensor, ...]
    done: Any
    """CUDA event after which the outputs are here; None on the CPU."""


class TorchBackend:
    """A network over packs of one fixed size, so that a text's result is the same to the bit in any company.

    On CUDA the whole forward pass is one CUDA graph, and while it runs for one pack the next is being filled.
    Calls from several threads take turns.
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
        self._device = _device(device)
        on_gpu = self._device.type == "cuda"
        dtype = dtype or ("bfloat16" if on_gpu else "float32")
        self.arithmetic = f"{dtype} on {self._device.type}"
        self.chunk = 16_384 if on_gpu else 1024
        self._size = Size.of(tokens or (CUDA_TOKENS if on_gpu else CPU_TOKENS), longest)
        encoder = PackedEncoder(network.eval(), longest).to_dtype(getattr(torch, dtype)).to(self._device)
        self._lock = Lock()
        with torch.inference_mode(), _exact_products():
            self._inputs = self._empty_inputs(self._device, pin=False)
            self._forward, outputs = self._prepare(encoder)
            self._slots = [self._slot(outputs) for _ in range(2 if on_gpu else 1)]
        self._widths = tuple(part.shape[1] for part in outputs)

    def logits(self, ids: Sequence[Sequence[int]], *, batch_tokens: int | None = None) -> Outputs:
        """Run texts, given as token ids; see `Backend.logits`. The packs' size is that of the backend."""
        found = tuple(np.empty((len(ids), width), np.float32) for width in self._widths)
        running: list[tuple[Pack, _Slot]] = []

        def collect() -> None:
            pack, slot = running.pop(0)
            if slot.done is not None:
                slot.done.synchronize()
            texts = len(pack.starts) - 1
            for part, outputs in zip(found, slot.outputs, strict=True):
                part[pack.first : pack.first + texts] = outputs[:texts].numpy()

        with self._lock, torch.inference_mode(), _exact_products():
            for number, pack in enumerate(packs(ids, self._size)):
                if len(running) == len(self._slots):
                    collect()
                slot = self._slots[number % len(self._slots)]
                self._run(pack, slot)
                running.append((pack, slot))
            while running:
                collect()
        return Outputs(*found)

    def _run(self, pack: Pack, slot: _Slot) -> None:
        _fill(slot.inputs, pack)
        for there, here in zip(self._inputs, slot.inputs, strict=True):
            there.copy_(here, non_blocking=True)
        for here, there in zip(slot.outputs, self._forward(), strict=True):
            here.copy_(there, non_blocking=True)
        if slot.done is not None:
            slot.done.record()

    def _prepare(self, encoder: PackedEncoder) -> tuple[Callable[[], tuple[Tensor, ...]], tuple[Tensor, ...]]:
        """The forward pass from the device's inputs, and what its outputs look like."""
        if self._device.type != "cuda":
            return lambda: encoder(self._inputs), encoder(self._inputs)
        aside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UP):
                encoder(self._inputs)
        torch.cuda.current_stream(self._device).wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs: tuple[Tensor, ...] = encoder(self._inputs)

        def replay() -> tuple[Tensor, ...]:
            graph.replay()
            return outputs

        return replay, outputs

    def _empty_inputs(self, device: torch.device, *, pin: bool) -> Packed:
        sizes = (self._size.tokens, self._size.tokens, self._size.texts + 1)
        return Packed(
            *(torch.zeros(size, dtype=torch.int32, device=device, pin_memory=pin) for size in sizes)
        )

    def _slot(self, like: tuple[Tensor, ...]) -> _Slot:
        pin = self._device.type == "cuda"
        host = torch.device("cpu")
        outputs = tuple(torch.zeros(part.shape, dtype=part.dtype, pin_memory=pin) for part in like)
        done = torch.cuda.Event() if pin else None  # type: ignore[no-untyped-call]
        return _Slot(self._empty_inputs(host, pin=pin), outputs, done)


def _fill(inputs: Packed, pack: Pack) -> None:
    """Write a pack into host memory; what it leaves free repeats nothing and belongs to no text."""
    tokens, starts = len(pack.ids), len(pack.starts)
    for tensor, values in zip(inputs[:2], (pack.ids, pack.positions), strict=True):
        places = tensor.numpy()
        places[:tokens] = values
        places[tokens:] = 0
    places = inputs.starts.numpy()
    places[:starts] = pack.starts
    places[starts:] = pack.starts[-1]


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
