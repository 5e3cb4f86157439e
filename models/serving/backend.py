"""What runs a model's arithmetic: ONNX Runtime in int8 on the CPU, or PyTorch in bfloat16 or float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from models.serving.tokens import TokenRows

Floats = npt.NDArray[np.float32]
BackendName = Literal["auto", "onnx", "torch"]

_DRIVERS = (Path("/proc/driver/nvidia/version"), Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""Where Linux shows that an NVIDIA driver is at work; the last is that of WSL."""


class Outputs(NamedTuple):
    """What a model says of n texts."""

    tone: Floats
    """(n, tones) logits."""
    topic: Floats
    """(n, topics) logits."""
    pooled: Floats | None
    """(n, width) mean of the encoder's states over a text's tokens; None where it was not asked for, or where
    the graph does not tell it."""


class Backend(Protocol):
    """A loaded model; safe to share between threads."""

    @property
    def arithmetic(self) -> str:
        """What is computed in and where, `onnx on cpu`: scores of two models are equal only where this is."""

    @property
    def chunk(self) -> int:
        """Texts that are worth handing over at once."""

    def logits(self, ids: Sequence[Sequence[int]] | TokenRows, *, pooled: bool = False) -> Outputs:
        """Run texts, given as token ids; results are in the texts' order, with pooled states if asked for.

        A text's result is the same to the bit whatever it runs with. Without texts: arrays of no rows.
        """


def cuda_is_there() -> bool:
    """Whether PyTorch is installed and sees a CUDA device; costs nothing where there is no NVIDIA driver."""
    from importlib.util import find_spec

    if find_spec("torch") is None or not any(driver.exists() for driver in _DRIVERS):
        return False
    import torch

    return torch.cuda.is_available()
