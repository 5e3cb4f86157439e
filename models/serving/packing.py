"""Texts one after the other in packs of a fixed size: no padding between them, one shape for all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from models.serving.tokens import Ints, TokenRows

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


def packs(rows: TokenRows, size: Size) -> Iterator[Pack]:
    """Cut texts into packs in their order; raises ValueError for one that fits in none.

    >>> rows = TokenRows.of([[5, 6], [7], [8, 9, 9]])
    >>> [pack.starts.tolist() for pack in packs(rows, Size(tokens=4, texts=2))]
    [[0, 2, 3], [0, 3]]
    """
    longest = int(rows.lengths.max(initial=0))
    if longest > size.tokens:
        raise ValueError(f"a text of {longest} tokens does not fit into packs of {size.tokens}")
    first = 0
    while first < len(rows):
        begin = int(rows.starts[first])
        after = int(np.searchsorted(rows.ends, begin + size.tokens, side="right"))
        after = min(after, first + size.texts)
        end = int(rows.ends[after - 1])
        starts = np.zeros(after - first + 1, np.int32)
        starts[1:] = rows.ends[first:after] - begin
        positions = np.arange(end - begin, dtype=np.int32)
        positions -= np.repeat(starts[:-1], rows.lengths[first:after])
        yield Pack(first, starts, rows.flat[begin:end], positions)
        first = after
