"""Fine-tune the encoder and both heads together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import cross_entropy

from models.data import Corpus, Example, Task
from models.errors import ModelError
from models.serving.batching import bucket_batches
from models.training.network import ToneTopicNetwork, build_network
from models.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How one epoch went."""

    epoch: int
    loss: float
    """Mean training loss."""
    dev_accuracy: dict[str, float]
    """Accuracy on the development rows, by task."""


@dataclass(frozen=True)
class Trained:
    """The network of the best epoch, in eval mode, and the reports of all."""

    network: ToneTopicNetwork
    tokenizer: Tokenizer
    reports: tuple[EpochReport, ...]
    best_epoch: int


def open_tokenizer(base: str, max_length: int) -> Tokenizer:
    """The tokenizer of a base, truncating at `max_length` and not padding."""
    folder = Path(base)
    file = folder / "tokenizer.json"
    if folder.is_dir() and not file.is_file():
        raise ModelError(f"{folder} has no tokenizer.json: save the base with its fast tokenizer")
    tokenizer = Tokenizer.from_file(str(file)) if folder.is_dir() else Tokenizer.from_pretrained(base)
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


def pad(ids: Sequence[Sequence[int]], pad_id: int, length: int | None = None) -> tuple[Tensor, Tensor]:
    """Pad token ids to `length`, else to the longest; returns ids and mask, both (batch, length)."""
    length = length or max(map(len, ids))
    padded = torch.full((len(ids), length), pad_id)
    mask = torch.zeros((len(ids), length), dtype=torch.long)
    for row, tokens in enumerate(ids):
        padded[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    return padded, mask


def epoch_batches(
    ids: Sequence[Sequence[int]], examples: Sequence[Example], size: int, rng: random.Random
) -> Iterator[tuple[Task, list[int]]]:
    """Indices of one epoch's batches, each of one task and of like lengths, in random order.

    A task comes up in proportion to its rows. Lengths are sorted only within chunks of 40 batches, so that a
    batch's company changes from epoch to epoch.
    """
    batches: list[tuple[Task, list[int]]] = []
    for task in ("tone", "topic"):
        rows = [i for i, example in enumerate(examples) if example.task == task]
        rng.shuffle(rows)
        for start in range(0, len(rows), 40 * size):
            chunk = sorted(rows[start : start + 40 * size], key=lambda i: len(ids[i]))
            batches += [(task, chunk[i : i + size]) for i in range(0, len(chunk), size)]
    rng.shuffle(batches)
    yield from batches


@torch.inference_mode()
def logits(
    network: ToneTopicNetwork, ids: Sequence[Sequence[int]], pad_id: int, budget: int = 4096
) -> tuple[Tensor, Tensor]:
    """Tone and topic logits of every text, float32, in the texts' order; the network must be in eval mode."""
    tone = torch.empty(len(ids), network.tone.out_features)
    topic = torch.empty(len(ids), network.topic.out_features)
    for length, batch in bucket_batches([len(tokens) for tokens in ids], budget):
        rows = list(batch)
        tone[rows], topic[rows] = network(*pad([ids[i] for i in rows], pad_id, length))
    return tone, topic


def accuracy_by_task(
    network: ToneTopicNetwork, ids: Sequence[Sequence[int]], examples: Sequence[Example], pad_id: int
) -> dict[str, float]:
    """Share of rows each head gets right; the network must be in eval mode."""
    tone, topic = logits(network, ids, pad_id)
    right: dict[str, list[bool]] = {}
    for i, example in enumerate(examples):
        guess = int((tone if example.task == "tone" else topic)[i].argmax())
        right.setdefault(example.task, []).append(guess == example.label)
    return {task: sum(hits) / len(hits) for task, hits in right.items()}


def train(
    recipe: Recipe, base: str, corpus: Corpus, progress: Callable[[int, int, float], None] | None = None
) -> Trained:
    """Fine-tune on `corpus.train`, keeping the epoch with the best mean accuracy on `corpus.dev`.

    `base` is a folder or hub id; `progress` hears (steps done, steps in all, loss). AdamW, linear warm-up and
    decay, everything seeded; on one machine and thread count, two runs give the same weights.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads or torch.get_num_threads())
    # Lets float32 products run in bf16 where the processor can; cheaper here than autocast, which casts every
    # weight again at each step.
    torch.set_float32_matmul_precision("medium")
    rng = random.Random(recipe.seed)  # noqa: S311 (no secret)
    tokenizer = open_tokenizer(base, recipe.max_length)
    network = build_network(base, recipe.dropout)
    pad_id = network.pad_id
    train_ids = [e.ids for e in tokenizer.encode_batch_fast([x.text for x in corpus.train])]
    dev_ids = [e.ids for e in tokenizer.encode_batch_fast([x.text for x in corpus.dev])]

    epochs = [
        list(epoch_batches(train_ids, corpus.train, recipe.batch_size, rng)) for _ in range(recipe.epochs)
    ]
    steps = sum(map(len, epochs))
    warmup = max(1, round(recipe.warmup_share * steps))
    if recipe.freeze_word_embeddings:
        # Half of a small encoder's parameters, moved by little and only for words that occur.
        network.encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
    trained = [p for p in network.parameters() if p.requires_grad]
    # Biases and layer norms are not decayed, as is usual for BERT.
    decayed = [p for p in trained if p.ndim > 1]
    plain = [p for p in trained if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=recipe.learning_rate,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))
    )

    reports: list[EpochReport] = []
    best: tuple[float, int, dict[str, Tensor]] = (-1.0, 0, {})
    done = 0
    for number, batches in enumerate(epochs, start=1):
        network.train()
        total = 0.0
        for task, rows in batches:
            inputs, mask = pad([train_ids[i] for i in rows], pad_id)
            labels = torch.tensor([corpus.train[i].label for i in rows])
            outputs = network(inputs, mask)[0 if task == "tone" else 1]
            loss = cross_entropy(outputs, labels, label_smoothing=recipe.label_smoothing)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
            done += 1
            if progress:
                progress(done, steps, loss.item())
        network.eval()
        accuracy = accuracy_by_task(network, dev_ids, corpus.dev, pad_id)
        reports.append(EpochReport(number, total / len(batches), accuracy))
        mean = sum(accuracy.values()) / len(accuracy)
        if mean > best[0]:
            best = (mean, number, {name: t.detach().clone() for name, t in network.state_dict().items()})
    network.load_state_dict(best[2])
    return Trained(network.eval(), tokenizer, tuple(reports), best[1])
