"""A network that learns: one step at a time, with all it needs to go on later."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from models.data import Example
from models.training.adversarial import WordDisturbance
from models.training.averaging import WeightAverage
from models.training.encoding import pad
from models.training.losses import batch_loss
from models.training.network import ToneTopicNetwork
from models.training.optimisation import learning_rate_factor, make_optimizer
from models.training.precision import mixed_precision
from models.training.quantisation_noise import QuantisationNoise
from models.training.recipe import Recipe
from models.training.rows import Rows
from models.training.selection import SetScore, logits, set_scores


class Learner:
    """Network, optimiser, moving average and noise of one training run, on one or several processes."""

    def __init__(
        self, network: ToneTopicNetwork, recipe: Recipe, rows: Rows, accelerator: Accelerator
    ) -> None:
        self.network = network
        self.recipe = recipe
        self.ids = rows.ids
        """Token ids of every row, as this epoch reads them."""
        self.accelerator = accelerator
        self.steps = recipe.epochs * rows.steps_per_epoch(recipe.batch_size)
        self.factor = learning_rate_factor(self.steps, recipe.warmup_share)
        optimizer = make_optimizer(network, recipe)
        self.rates = [float(group["lr"]) for group in optimizer.param_groups]
        self.wrapped: Any
        self.optimizer: Any
        self.wrapped, self.optimizer = accelerator.prepare(network, optimizer)
        self.trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
        self.targets = rows.targets.to(self.device)
        self.average = WeightAverage(network, recipe.ema_decay) if recipe.ema_decay else None
        self.noise = (
            QuantisationNoise(
                network.encoder,
                percentile=recipe.quantisation_percentile,
                momentum=recipe.quantisation_momentum,
            )
            if recipe.quantisation_noise
            else None
        )
        encoder: Any = network.encoder
        self.disturbance = (
            WordDisturbance(encoder.get_input_embeddings(), recipe.adversarial)
            if recipe.adversarial
            else None
        )

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        device: torch.device = self.accelerator.device
        return device

    def learning_rate(self, done: int) -> float:
        """Of the encoder's top layer, at the step after `done` ones."""
        return self.recipe.learning_rate * self.factor(done)

    def step(self, batch: Sequence[int], done: int) -> Tensor:
        """Learn from the rows of one batch, after `done` steps; returns their mean loss.

        Several processes divide the rows among themselves and take the same step.
        """
        processes = self.accelerator.num_processes
        part = list(batch[self.accelerator.process_index :: processes]) or list(batch[:1])
        idle = self.accelerator.process_index >= len(batch)
        # The processes' gradients are averaged: with this factor the mean is over rows.
        factor = 0.0 if idle else len(part) * processes / len(batch)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = rate * self.factor(done)
        if self.noise:
            self.noise.active = done >= self.recipe.quantisation_start_share * self.steps
        self.optimizer.zero_grad(set_to_none=True)
        if self.disturbance:
            with self.accelerator.no_sync(self.wrapped):
                loss = self._loss(part)
                self.accelerator.backward(factor * loss)
            with self.disturbance.applied():
                self.accelerator.backward(factor * self._loss(part))
        else:
            loss = self._loss(part)
            self.accelerator.backward(factor * loss)
        self.accelerator.clip_grad_norm_(self.trained.values(), self.recipe.clip_norm)
        self.optimizer.step()
        if self.average:
            self.average.update()
        if self.noise:
            self.noise.forget()
        mean: Tensor = self.accelerator.reduce(factor * loss.detach(), "mean")
        return mean

    def _loss(self, rows: list[int]) -> Tensor:
        ids, mask = pad([self.ids[i] for i in rows], self.network.pad_id)
        with mixed_precision(self.device, self.recipe.precision):
            heads = self.wrapped(ids.to(self.device), mask.to(self.device))
        return batch_loss(
            heads,
            self.targets[torch.tensor(rows, device=self.device)],
            smoothing=self.recipe.label_smoothing,
            distil_weight=self.recipe.distil_weight,
            distil_temperature=self.recipe.distil_temperature,
        )

    def settled(self) -> AbstractContextManager[None]:
        """Within it the network has the weights that are measured and kept."""
        return self.average.applied() if self.average else nullcontext()

    def measure(self, ids: Sequence[Sequence[int]], examples: Sequence[Example]) -> dict[str, SetScore]:
        """Scores by set of the network as it is, in eval mode."""
        self.network.eval()
        with mixed_precision(self.device, self.recipe.precision):
            return set_scores(logits(self.network, ids, self.network.pad_id), examples)

    def weights(self) -> dict[str, Tensor]:
        """A copy of the weights that learn."""
        return {name: p.detach().cpu().clone() for name, p in self.trained.items()}

    @torch.no_grad()
    def set_weights(self, weights: dict[str, Tensor]) -> None:
        """Put weights that learn back."""
        for name, parameter in self.trained.items():
            parameter.copy_(weights[name])

    def release(self) -> None:
        """Take all hooks off: a plain network remains."""
        if self.noise:
            self.noise.remove()
        if self.disturbance:
            self.disturbance.remove()
