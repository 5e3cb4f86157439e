"""Arrays in snapshots: raw bytes with their shape, the same bits back."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Bool = npt.NDArray[np.bool_]


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """A numpy array as little-endian bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def pack(array: npt.NDArray[Any]) -> Packed:
    """The array as bytes, C order."""
    little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return Packed(dtype=little.dtype.str, shape=array.shape, data=little.tobytes())


def unpack(packed: Packed) -> npt.NDArray[Any]:
    """The array again, writable, in native byte order."""
    array = np.frombuffer(packed.data, dtype=np.dtype(packed.dtype)).reshape(packed.shape)
    return array.astype(array.dtype.newbyteorder("="), copy=True)


def widen(array: npt.NDArray[Any], keys: int) -> npt.NDArray[Any]:
    """The array with its last axis, one column a key, filled up with zeros to `keys` columns."""
    missing = keys - array.shape[-1]
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, missing)])
