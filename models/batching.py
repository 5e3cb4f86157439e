"""Put texts of like length together, so that little is padded."""

from __future__ import annotations

from collections.abc import Sequence


def token_budget_batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Divide indices into batches whose padded size (longest × number) stays within `budget` tokens.

    Batches go from short texts to long ones; equal lengths keep their order. A text longer than the budget is a batch
    of its own.
    """
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # Ascending, so the newcomer is the longest of its batch.
        if batches and lengths[index] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
