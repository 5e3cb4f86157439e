"""One pack on its way through the device: host memory, device memory, and the pass from one to the other."""

from __future__ import annotations

from typing import Any

import torch

from models.serving.backend import Floats
from models.serving.packed_encoder import Packed, PackedEncoder
from models.serving.packing import Pack, Size


class Lane:
    """Runs one pack at a time. On CUDA without waiting for it: on a stream of its own, as one CUDA graph.

    Inputs cross to the device in one copy from pinned memory, outputs in one or two; with two lanes one
    pack's copies run beside the other's products.
    """

    def __init__(self, encoder: PackedEncoder, size: Size, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._size = size
        parts = [size.tokens, size.tokens, size.texts + 1]
        self._host = torch.zeros(sum(parts), dtype=torch.int32, pin_memory=self._on_gpu)
        self._ids, self._positions, self._starts = (part.numpy() for part in torch.split(self._host, parts))
        self._there = self._host.to(device) if self._on_gpu else self._host
        self._encoder = encoder
        self._inputs = Packed(*torch.split(self._there, parts))
        self._pack: Pack | None = None
        self._pooled = False
        if self._on_gpu:
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._stream.wait_stream(torch.cuda.current_stream(device))
            self._graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(self._graph, stream=self._stream):
                self._outputs = self._forward()
            self._done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        else:
            self._outputs = self._forward()
        self._here = [
            torch.zeros(part.shape, dtype=part.dtype, pin_memory=self._on_gpu) for part in self._outputs
        ]

    @property
    def widths(self) -> tuple[int, int]:
        """Columns of the heads, tone's and topic's together, and of the pooled states."""
        heads, pooled = self._outputs
        return heads.shape[1], pooled.shape[1]

    def start(self, pack: Pack, *, pooled: bool) -> None:
        """Begin with a pack; the one before must have been finished."""
        self._pack, self._pooled = pack, pooled
        tokens, starts = len(pack.ids), len(pack.starts)
        self._ids[:tokens], self._positions[:tokens], self._starts[:starts] = (
            pack.ids,
            pack.positions,
            pack.starts,
        )
        # What a pack leaves free belongs to no text.
        self._ids[tokens:], self._positions[tokens:], self._starts[starts:] = 0, 0, pack.starts[-1]
        if not self._on_gpu:
            self._outputs = self._here = list(self._forward())
            return
        with torch.cuda.stream(self._stream):
            self._there.copy_(self._host, non_blocking=True)
            self._graph.replay()
            for here, there in zip(self._here[: 1 + pooled], self._outputs, strict=False):
                here.copy_(there, non_blocking=True)
            self._done.record()

    def finish(self) -> tuple[slice, list[Floats]]:
        """Wait for the pack; returns which texts it holds, their heads and, if asked for, pooled states."""
        assert self._pack is not None
        if self._on_gpu:
            self._done.synchronize()
        texts = len(self._pack.starts) - 1
        which = slice(self._pack.first, self._pack.first + texts)
        return which, [part[:texts].numpy() for part in self._here[: 1 + self._pooled]]

    def _forward(self) -> Any:
        tone, topic, pooled = self._encoder(self._inputs)
        return torch.cat([tone, topic], dim=1), pooled


def warm_up(encoder: PackedEncoder, size: Size, device: torch.device, times: int = 3) -> None:
    """Run nothing a few times on a stream aside, before graphs are captured: first calls allocate memory."""
    sizes = (size.tokens, size.tokens, size.texts + 1)
    inputs = Packed(*(torch.zeros(each, dtype=torch.int32, device=device) for each in sizes))
    aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream(device))
    with torch.cuda.stream(aside):
        for _ in range(times):
            encoder(inputs)
    torch.cuda.current_stream(device).wait_stream(aside)
