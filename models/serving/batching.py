"""Batches of texts that are equally long: nothing is padded, and no text depends on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Batch(NamedTuple):
    """Texts that run together."""

    length: int
    """Tokens of every text of the batch."""
    rows: tuple[int, ...]
    """Indices of the texts."""


def bucket_batches(lengths: Sequence[int], budget: int) -> list[Batch]:
    """Divide texts into batches of one length and at most `budget` tokens each, short texts first.

    Sums of floats depend in their last bits on how far texts are padded, so none is. A text longer than the
    budget is a batch of its own.

    >>> bucket_batches([3, 20, 3, 7], budget=16)
    [Batch(length=3, rows=(0, 2)), Batch(length=7, rows=(3,)), Batch(length=20, rows=(1,))]
    """
    buckets: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        buckets.setdefault(length, []).append(row)
    batches = []
    for length, rows in sorted(buckets.items()):
        size = max(1, budget // max(1, length))
        batches += [Batch(length, tuple(rows[i : i + size])) for i in range(0, len(rows), size)]
    return batches
