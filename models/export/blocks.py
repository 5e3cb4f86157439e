"""Tables whose rows are 4-bit blocks already, as some packed encoders come: kept so, at half of int8's size.

A block is 32 values d x q with whole q from -8 to 7 and one float16 scale d (GGML's Q4_0, which makes the
value farthest from zero -8 d). Word vectors that training leaves alone keep that form, and storing them by it
loses nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

Array = npt.NDArray[Any]

BLOCK = 32


def to_blocks(table: Array) -> tuple[Array, Array] | None:
    """Whole numbers (rows, width), int8, and scales (rows, width / 32), float16; None where that loses.

    >>> import numpy as np
    >>> whole, scales = to_blocks(np.arange(-8, 24, dtype=np.float32)[None] % 16 / 4 - 2)
    >>> float(scales[0, 0]), int(whole.min()), int(whole.max())
    (0.25, -8, 7)
    """
    rows, width = table.shape
    if width % BLOCK:
        return None
    blocks = table.reshape(rows, width // BLOCK, BLOCK)
    farthest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)
    scales = (farthest / -8).astype(np.float16).astype(np.float32)
    whole = np.rint(np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales != 0))
    exact = np.array_equal(whole * scales, blocks) and whole.min() >= -8 and whole.max() <= 7
    if not exact:
        return None
    return whole.astype(np.int8).reshape(rows, width), scales.astype(np.float16)[..., 0]


def from_blocks(whole: Array, scales: Array) -> Array:
    """The table, float32, of whole numbers (rows, width) and scales (rows, width / 32)."""
    spread = np.repeat(scales.astype(np.float32), BLOCK, axis=1)
    table: Array = whole.astype(np.float32) * spread
    return table


def packed_tensor(name: str, whole: Array) -> onnx.TensorProto:
    """An ONNX tensor of 4-bit integers, two a byte, the first in the low half."""
    flat = (whole.reshape(-1).astype(np.uint8) & 0x0F).reshape(-1, 2)
    data = (flat[:, 0] | flat[:, 1] << 4).astype(np.uint8).tobytes()
    return helper.make_tensor(name, TensorProto.INT4, whole.shape, data, raw=True)
