"""Adversarial training on word vectors (Miyato et al. 2017), the fast gradient method."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


class WordDisturbance:
    """Hooks on the embedding of words that push its vectors where the loss grows fastest.

    A pass in training mode records the vectors; after its backward pass, `applied` adds to every text's
    vectors a disturbance along their gradient, `share` times as long (L2) as the vectors themselves.
    """

    def __init__(self, words: nn.Module, share: float) -> None:
        self.share = share
        self._vectors: Tensor | None = None
        self._added: Tensor | None = None
        self._hook = words.register_forward_hook(self._on_output)

    def _on_output(self, words: nn.Module, inputs: Any, vectors: Tensor) -> Tensor | None:
        if not words.training:
            return None
        if self._added is not None:
            return vectors + self._added
        # A frozen vocabulary has no gradient of its own.
        self._vectors = vectors if vectors.requires_grad else vectors.detach().requires_grad_()
        self._vectors.retain_grad()
        return self._vectors

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Disturb the passes within; the last pass before must have run backward."""
        vectors = self._vectors
        if vectors is None or vectors.grad is None:
            raise RuntimeError("no gradient on the word vectors: run a pass in training mode backward first")
        with torch.no_grad():
            gradient, lengths = vectors.grad, vectors.flatten(1).norm(dim=1)
            steepness = gradient.flatten(1).norm(dim=1).clamp_min(1e-12)
            self._added = gradient * (self.share * lengths / steepness).view(-1, 1, 1)
        self._vectors = None
        try:
            yield
        finally:
            self._added = None

    def remove(self) -> None:
        """Take the hook off."""
        self._hook.remove()
