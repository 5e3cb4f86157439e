"""Texts one after the other in packs of a fixed size: no padding between them, one shape for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]

LEAST_TOKENS = 16
"""A pack of T tokens has places for T / LEAST_TOKENS texts: feeds have few texts that are shorter."""


class Pack(NamedTuple):
    """Consecutive texts that run together."""

    first: int
    """Index of the first text."""
    starts: Ints
    """(texts + 1,) place of each text's first token in the pack; the last entry is the pack's end."""
    ids: Ints
    """(tokens,) token ids, one text after the other."""
    positions: Ints
    """(tokens,) each token's place in its text."""


class Size(NamedTuple):
    """The shape that all packs are filled up to."""

    tokens: int
    texts: int

    @classmethod
    def of(cls, tokens: int, longest: int) -> Size:
        """The size for a budget of tokens, wide enough for the longest text."""
        tokens = max(tokens, longest)
        return cls(tokens, max(1, tokens // LEAST_TOKENS))


def packs(ids: Sequence[Sequence[int]], size: Size) -> Iterator[Pack]:
    """Cut texts, given as token ids, into packs in their order; raises ValueError for one that fits in none.

    >>> [pack.starts.tolist() for pack in packs([[5, 6], [7], [8, 9, 9]], Size(tokens=4, texts=2))]
    [[0, 2, 3], [0, 3]]
    """
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    ends = np.cumsum(lengths)
    if len(ids) and int(lengths.max()) > size.tokens:
        raise ValueError(f"a text of {lengths.max()} tokens does not fit into packs of {size.tokens}")
    total = int(ends[-1]) if len(ids) else 0
    flat = np.fromiter(chain.from_iterable(ids), np.int32, total)
    positions = (np.arange(total) - np.repeat(ends - lengths, lengths)).astype(np.int32)
    first = 0
    while first < len(ids):
        begin = int(ends[first] - lengths[first])
        after = int(np.searchsorted(ends, begin + size.tokens, side="right"))
        after = min(after, first + size.texts)
        end = int(ends[after - 1])
        starts = np.concatenate([[0], ends[first:after] - begin]).astype(np.int32)
        yield Pack(first, starts, flat[begin:end], positions[begin:end])
        first = after
