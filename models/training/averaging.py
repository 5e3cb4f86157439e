"""An exponential moving average of the weights, which wobbles less than the last ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """Moving average of a network's trained parameters (Polyak and Juditsky 1992).

    Young averages follow faster, decay min(d, (1+n)/(10+n)), so that the first weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.parameters = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self.average = {name: p.detach().clone() for name, p in self.parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights after a step."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        ours: list[Tensor] = list(self.average.values())
        torch._foreach_lerp_(ours, [p.detach() for p in self.parameters.values()], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Put the average into the network for a while, say to measure or to save it."""
        raw = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._fill(self.average)
        try:
            yield
        finally:
            self._fill(raw)

    @torch.no_grad()
    def _fill(self, values: dict[str, Tensor]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])
