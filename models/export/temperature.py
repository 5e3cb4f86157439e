"""The temperature that makes a head's probabilities honest (Guo et al. 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

GRID = tuple(step / 100 for step in range(30, 301))


def fit_temperature(values: Tensor, labels: Tensor) -> float:
    """The temperature, in steps of 0.01, under which softmax(logits / T) is likeliest.

    `values` are logits (n, classes), -inf where a row's set does not know a class; `labels` (n,) are indices.

    >>> fit_temperature(torch.tensor([[4.0, 0.0], [4.0, 0.0]]), torch.tensor([0, 1]))
    3.0
    """
    return min(GRID, key=lambda temperature: float(cross_entropy(values / temperature, labels)))
