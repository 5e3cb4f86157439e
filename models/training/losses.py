"""What a step minimises: cross-entropy with the labels, and divergence from the teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax

from models.data import Example

TASKS = ("tone", "topic")


@dataclass(frozen=True)
class Targets:
    """What the two heads should say of n rows; indexing with row numbers gives the targets of a batch."""

    task: Tensor
    """(n,) index into `TASKS` of the labelled head, -1 for an unlabelled row."""
    label: Tensor
    """(n,) class of that head; 0 for an unlabelled row."""
    weight: Tensor
    """(n,) weight of the row's cross-entropy; 1 on average."""
    allowed: tuple[Tensor, Tensor]
    """(n, classes) bool for either head: classes the row's set tells apart."""
    teacher: tuple[Tensor, Tensor] | None = None
    """(n, classes) mean log-probabilities of the teachers for either head."""

    def __getitem__(self, rows: Tensor) -> Targets:
        return Targets(
            self.task[rows],
            self.label[rows],
            self.weight[rows],
            (self.allowed[0][rows], self.allowed[1][rows]),
            (self.teacher[0][rows], self.teacher[1][rows]) if self.teacher else None,
        )

    def to(self, device: torch.device) -> Targets:
        """The same targets on a device."""
        return Targets(
            self.task.to(device),
            self.label.to(device),
            self.weight.to(device),
            (self.allowed[0].to(device), self.allowed[1].to(device)),
            (self.teacher[0].to(device), self.teacher[1].to(device)) if self.teacher else None,
        )


def make_targets(
    examples: Sequence[Example],
    unlabelled: int,
    classes: tuple[int, int],
    *,
    weight: Tensor | None = None,
    teacher: tuple[Tensor, Tensor] | None = None,
) -> Targets:
    """Targets of labelled rows and, behind them, unlabelled ones; `classes` counts those of either head."""
    rows = len(examples) + unlabelled
    task = torch.full((rows,), -1)
    label = torch.zeros(rows, dtype=torch.long)
    allowed = (
        torch.ones((rows, classes[0]), dtype=torch.bool),
        torch.ones((rows, classes[1]), dtype=torch.bool),
    )
    for row, example in enumerate(examples):
        head = TASKS.index(example.task)
        task[row], label[row] = head, example.label
        told_apart = tuple(getattr(example, "classes", ()))
        if told_apart:
            allowed[head][row] = False
            allowed[head][row, list(told_apart)] = True
    return Targets(task, label, torch.ones(rows) if weight is None else weight, allowed, teacher)


def restricted_cross_entropy(logits: Tensor, labels: Tensor, allowed: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy of every row (n,), its softmax and label smoothing taken over its allowed classes alone.

    A set that tells only negative from positive says nothing about neutral: neutral's logit gets no gradient
    from it.
    """
    log_p = log_softmax(logits.masked_fill(~allowed, -torch.inf), dim=1)
    hit = -log_p.gather(1, labels.unsqueeze(1)).squeeze(1)
    if not smoothing:
        return hit
    spread = -log_p.masked_fill(~allowed, 0).sum(1) / allowed.sum(1)
    return (1 - smoothing) * hit + smoothing * spread


def divergence(logits: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of every row (n,) from the teacher, both softened by the temperature.

    Times T^2, which keeps gradients of one size at any temperature (Hinton et al. 2015).
    """
    ours = log_softmax(logits / temperature, dim=1)
    theirs = log_softmax(teacher / temperature, dim=1)
    return temperature**2 * kl_div(ours, theirs, reduction="none", log_target=True).sum(1)


def batch_loss(
    heads: tuple[Tensor, Tensor],
    targets: Targets,
    *,
    smoothing: float,
    distil_weight: float = 0.0,
    distil_temperature: float = 1.0,
) -> Tensor:
    """Mean over the rows of (1-w) * cross-entropy of the labelled head + w * T^2 * KL of both heads.

    Both heads are in the result, if only with weight 0, so that every parameter has a gradient.
    """
    total = sum(
        (0.0 * head.float().sum() for head in heads), start=heads[0].new_zeros((), dtype=torch.float32)
    )
    labels = 1 - distil_weight if targets.teacher else 1.0
    for head, (logits, allowed) in enumerate(zip(heads, targets.allowed, strict=True)):
        rows = (targets.task == head).nonzero().squeeze(1)
        if len(rows) and labels:
            losses = restricted_cross_entropy(
                logits[rows].float(), targets.label[rows], allowed[rows], smoothing
            )
            total = total + labels * (targets.weight[rows] * losses).sum()
        if targets.teacher:
            total = (
                total
                + distil_weight * divergence(logits.float(), targets.teacher[head], distil_temperature).sum()
            )
    return total / len(targets.task)
