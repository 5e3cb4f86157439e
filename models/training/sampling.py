"""Which rows an epoch sees, and which of them together."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence

CHUNK = 40
"""Lengths are sorted within chunks of so many batches only: a batch's company changes from epoch to epoch."""


def quotas(
    sizes: Mapping[str, int], weights: Mapping[str, float], temperature: float = 1.0
) -> dict[str, int]:
    """Rows of every set in one epoch.

    A set's share is weight x rows^(1/temperature) (multilingual BERT's sampling, Devlin 2018); an epoch is as
    long as all sets together at temperature 1, times their weights. With weights and temperature 1 every set
    comes up once.

    >>> quotas({"a": 100, "b": 10}, {"b": 2.0})
    {'a': 100, 'b': 20}
    """
    shares = {name: size ** (1 / temperature) for name, size in sizes.items()}
    total, rows = sum(shares.values()), sum(sizes.values())
    return {name: round(weights.get(name, 1.0) * rows * share / total) for name, share in shares.items()}


def permuted(size: int, start: int, count: int, seed: str) -> Iterator[int]:
    """`count` numbers below `size`, from place `start` on in an endless row of seeded permutations.

    Epoch after epoch reads on where the last one ended, so no row comes up twice before all came up once.
    """
    while count > 0:
        lap, offset = divmod(start, size)
        order = list(range(size))
        random.Random(f"{seed}/{lap}").shuffle(order)  # noqa: S311 (no secret)
        taken = order[offset : offset + count]
        yield from taken
        start, count = start + len(taken), count - len(taken)


def epoch_rows(sources: Sequence[str], quota: Mapping[str, int], *, epoch: int, seed: int) -> list[int]:
    """Rows of one epoch, counted from 0, in random order; a function of the arguments alone."""
    members: dict[str, list[int]] = {}
    for row, source in enumerate(sources):
        members.setdefault(source, []).append(row)
    chosen: list[int] = []
    for source, rows in members.items():
        count = quota[source]
        chosen += (rows[i] for i in permuted(len(rows), epoch * count, count, f"{seed}/{source}"))
    random.Random(f"{seed}/order/{epoch}").shuffle(chosen)  # noqa: S311 (no secret)
    return chosen


def batches(
    rows: Sequence[int], lengths: Sequence[int], size: int, *, epoch: int, seed: int
) -> list[list[int]]:
    """Divide an epoch's rows into batches of like lengths, in random order; tasks stand side by side."""
    made: list[list[int]] = []
    for start in range(0, len(rows), CHUNK * size):
        chunk = sorted(rows[start : start + CHUNK * size], key=lambda row: lengths[row])
        made += [chunk[i : i + size] for i in range(0, len(chunk), size)]
    random.Random(f"{seed}/batches/{epoch}").shuffle(made)  # noqa: S311 (no secret)
    return made
