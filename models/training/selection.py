"""Measure a network on the development rows, to choose the best epoch by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from models.data import Example
from models.serving.batching import bucket_batches
from models.training.encoding import pad
from models.training.losses import TASKS
from models.training.network import ToneTopicNetwork

FULL_WEIGHT = 100
"""Development rows from which on a set counts in full."""


@dataclass(frozen=True, slots=True)
class SetScore:
    """How well one set's development rows are told."""

    rows: int
    accuracy: float
    macro_f1: float
    """Mean F1 of the classes that occur in the labels."""


@torch.inference_mode()
def logits(
    network: ToneTopicNetwork, ids: Sequence[Sequence[int]], pad_id: int, budget: int = 4096
) -> tuple[Tensor, Tensor]:
    """Tone and topic logits of every text, float32 on the CPU, in the texts' order.

    The network must be in eval mode; it may live on any device.
    """
    tone = torch.empty(len(ids), network.tone.out_features)
    topic = torch.empty(len(ids), network.topic.out_features)
    device = network.tone.weight.device
    for length, batch in bucket_batches([len(tokens) for tokens in ids], budget):
        rows = list(batch)
        inputs, mask = pad([ids[i] for i in rows], pad_id, length)
        heads = network(inputs.to(device), mask.to(device))
        tone[rows], topic[rows] = (head.float().cpu() for head in heads)
    return tone, topic


def macro_f1(labels: Tensor, guesses: Tensor) -> float:
    """Mean F1 of the classes that occur in `labels`."""
    scores = []
    for label in sorted(set(labels.tolist())):
        are, said = labels == label, guesses == label
        scores.append(2 * int((are & said).sum()) / (int(are.sum()) + int(said.sum())))
    return sum(scores) / len(scores)


def mean_macro_f1(scores: Mapping[str, SetScore]) -> float:
    """Mean macro-F1 over the sets, in which a set of fewer than 100 rows weighs by its rows.

    A handful of rows says little, and must not choose the epoch.
    """
    weights = {name: min(score.rows, FULL_WEIGHT) for name, score in scores.items()}
    return sum(weights[name] * score.macro_f1 for name, score in scores.items()) / sum(weights.values())


def set_scores(heads: tuple[Tensor, Tensor], examples: Sequence[Example]) -> dict[str, SetScore]:
    """Scores by set, each answer taken among the classes that the row's set tells apart.

    `heads` are tone and topic logits, (n, classes) in the order of the examples.
    """
    members: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        members.setdefault(example.source, []).append(row)
    scores = {}
    for source, rows in sorted(members.items()):
        guesses = torch.tensor([_guess(heads[TASKS.index(examples[i].task)][i], examples[i]) for i in rows])
        labels = torch.tensor([examples[i].label for i in rows])
        right = float((labels == guesses).double().mean())
        scores[source] = SetScore(len(rows), right, macro_f1(labels, guesses))
    return scores


def _guess(values: Tensor, example: Example) -> int:
    if not example.classes:
        return int(values.argmax())
    return example.classes[int(values[list(example.classes)].argmax())]
