"""Batches of equal padded length: little is padded, and no text depends on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

STEP = 8
"""A text is padded to the next multiple of this many tokens, whatever stands beside it."""


class Batch(NamedTuple):
    """Texts that run together."""

    length: int
    """Tokens every text of the batch is padded to."""
    rows: tuple[int, ...]
    """Indices of the texts."""


def padded_length(tokens: int) -> int:
    """The length a text of so many tokens is padded to: a property of the text alone."""
    return max(STEP, -(-tokens // STEP) * STEP)


def bucket_batches(lengths: Sequence[int], budget: int) -> list[Batch]:
    """Divide texts into batches of one padded length and at most `budget` tokens each, short texts first.

    Sums of floats depend in their last bits on how far they are padded. Padding every text by its own length
    alone, rather than to the longest of the batch, keeps its result the same in any company. A text longer
    than the budget is a batch of its own.

    >>> bucket_batches([3, 20, 5, 7], budget=16)
    [Batch(length=8, rows=(0, 2)), Batch(length=8, rows=(3,)), Batch(length=24, rows=(1,))]
    """
    buckets: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        buckets.setdefault(padded_length(length), []).append(row)
    batches = []
    for length, rows in sorted(buckets.items()):
        size = max(1, budget // length)
        batches += [Batch(length, tuple(rows[i : i + size])) for i in range(0, len(rows), size)]
    return batches
