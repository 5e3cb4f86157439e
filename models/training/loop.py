"""Fine-tune the encoder and both heads together."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from models.data import Corpus, data_folder
from models.errors import ModelError
from models.taxonomy import TONES, topic_ids
from models.training.averaging import WeightAverage
from models.training.distillation import read_texts, teach, unlabelled_texts
from models.training.encoding import encode, open_tokenizer, pad
from models.training.losses import Targets, batch_loss, make_targets
from models.training.network import ToneTopicNetwork, build_network
from models.training.optimisation import learning_rate_factor, make_optimizer
from models.training.precision import mixed_precision
from models.training.quantisation_noise import QuantisationNoise
from models.training.recipe import Recipe
from models.training.sampling import batches, epoch_rows, quotas
from models.training.selection import SetScore, logits, set_scores

__all__ = ["EpochReport", "Trained", "logits", "open_tokenizer", "pad", "train"]

Progress = Callable[[int, int, float], None]

DISTIL = "distil"
"""Name of the unlabelled texts among the sets."""


@dataclass(frozen=True, slots=True)
class EpochReport:
    """How one epoch went."""

    epoch: int
    loss: float
    """Mean training loss."""
    dev: dict[str, SetScore]
    """Scores on the development rows, by set."""
    macro_f1: float
    """Their mean macro-F1, by which the best epoch is chosen."""


@dataclass(frozen=True)
class Trained:
    """The network of the best epoch, in eval mode, and the reports of all."""

    network: ToneTopicNetwork
    tokenizer: Tokenizer
    reports: tuple[EpochReport, ...]
    best_epoch: int
    activation_ranges: dict[str, list[float]]
    """With quantisation noise: product → [lowest, highest] of its input; else empty."""


@dataclass(frozen=True)
class Rows:
    """All rows of a training run as the network reads them: labelled ones, then unlabelled ones."""

    ids: list[list[int]]
    sources: list[str]
    targets: Targets


def prepare_rows(
    recipe: Recipe, corpus: Corpus, tokenizer: Tokenizer, folder: Path | None, progress: Progress | None
) -> Rows:
    """Tokenise the rows, draw the unlabelled ones, and ask the teachers what they say of all."""
    texts = [example.text for example in corpus.train]
    extra: list[str] = []
    if recipe.distil_texts:
        rows = (*corpus.train, *corpus.dev, *(row for test in corpus.tests.values() for row in test))
        places = [Path(), *([data_folder()] if not all(map(_is_file, recipe.distil_texts)) else [])]
        extra = unlabelled_texts(
            (text for source in recipe.distil_texts for text in read_texts(source, places)),
            known=(row.key for row in rows),
            rows=recipe.distil_rows,
            seed=recipe.seed,
        )
    teacher = None
    if recipe.teachers:
        teacher = teach(
            [Path(teacher) for teacher in recipe.teachers],
            texts + extra,
            topic_ids(),
            cache=folder / "teachers.safetensors" if folder else None,
            progress=(lambda done, steps: progress(done, steps, 0.0)) if progress else None,
        )
    return Rows(
        ids=encode(tokenizer, texts + extra),
        sources=[example.source for example in corpus.train] + [DISTIL] * len(extra),
        targets=make_targets(corpus.train, len(extra), (len(TONES), len(topic_ids())), teacher=teacher),
    )


def _is_file(source: str) -> bool:
    return Path(source.partition(":")[0]).is_file()


def set_weights(recipe: Recipe, corpus: Corpus) -> dict[str, float]:
    """Weight of every set in the sampling: its own times its task's."""
    tasks: dict[str, str] = {example.source: example.task for example in corpus.train}
    known = {*tasks, *tasks.values(), DISTIL}
    for name in recipe.weights:
        if name not in known:
            raise ModelError(
                f"weights: {name!r} is no set or task of this training: {', '.join(sorted(known))}"
            )
    weights = {
        source: recipe.weights.get(source, 1.0) * recipe.weights.get(task, 1.0)
        for source, task in tasks.items()
    }
    return weights | {DISTIL: recipe.weights.get(DISTIL, 1.0)}


def train(
    recipe: Recipe,
    base: str,
    corpus: Corpus,
    progress: Progress | None = None,
    *,
    folder: Path | None = None,
    report: Callable[[EpochReport], None] | None = None,
) -> Trained:
    """Fine-tune on `corpus.train`, keeping the epoch with the best mean macro-F1 on `corpus.dev`.

    `base` is a folder or hub id; `progress` hears (steps done, steps in all, loss) and `report` every epoch;
    `folder` keeps what need not be computed twice. AdamW, linear warm-up and decay, everything seeded; on one
    machine and thread count, two runs give the same weights.
    """
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads or torch.get_num_threads())
    device = torch.device("cpu")
    weights = set_weights(recipe, corpus)
    tokenizer = open_tokenizer(base, recipe.max_length)
    network = build_network(
        base,
        recipe.dropout,
        encoder_dropout=recipe.encoder_dropout,
        layers=recipe.layers,
        topics=len(topic_ids()),
    )
    if recipe.freeze_word_embeddings:
        # Half of a small encoder's parameters, moved by little and only for words that occur.
        network.encoder.get_input_embeddings().requires_grad_(False)  # type: ignore[operator]
    rows = prepare_rows(recipe, corpus, tokenizer, folder, progress)
    lengths = [len(tokens) for tokens in rows.ids]
    dev_ids = encode(tokenizer, [example.text for example in corpus.dev])

    sizes = {source: rows.sources.count(source) for source in dict.fromkeys(rows.sources)}
    quota = quotas(sizes, weights, recipe.sampling_temperature)
    epochs = [
        batches(
            epoch_rows(rows.sources, quota, epoch=epoch, seed=recipe.seed),
            lengths,
            recipe.batch_size,
            epoch=epoch,
            seed=recipe.seed,
        )
        for epoch in range(recipe.epochs)
    ]
    steps = sum(map(len, epochs))
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = make_optimizer(network, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, learning_rate_factor(steps, recipe.warmup_share))
    average = WeightAverage(network, recipe.ema_decay) if recipe.ema_decay else None
    noise = (
        QuantisationNoise(
            network.encoder,
            percentile=recipe.quantisation_percentile,
            momentum=recipe.quantisation_momentum,
        )
        if recipe.quantisation_noise
        else None
    )

    reports: list[EpochReport] = []
    best: tuple[float, int, dict[str, Tensor], dict[str, list[float]]] = (-1.0, 0, {}, {})
    done = 0
    for number, epoch in enumerate(epochs, start=1):
        network.train()
        total = 0.0
        for batch in epoch:
            if noise:
                noise.active = done >= recipe.quantisation_start_share * steps
            inputs = pad([rows.ids[i] for i in batch], network.pad_id)
            with mixed_precision(device, recipe.precision):
                heads = network(*inputs)
            loss = batch_loss(
                heads,
                rows.targets[torch.tensor(batch)],
                smoothing=recipe.label_smoothing,
                distil_weight=recipe.distil_weight,
                distil_temperature=recipe.distil_temperature,
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(trained, recipe.clip_norm)
            optimizer.step()
            schedule.step()
            if average:
                average.update()
            if noise:
                noise.forget()
            done += 1
            total += loss.item()
            if progress:
                progress(done, steps, loss.item())
        network.eval()
        with average.applied() if average else nullcontext():
            with mixed_precision(device, recipe.precision):
                scores = set_scores(logits(network, dev_ids, network.pad_id), corpus.dev)
            mean = sum(score.macro_f1 for score in scores.values()) / len(scores)
            reports.append(EpochReport(number, total / len(epoch), scores, mean))
            if report:
                report(reports[-1])
            if mean > best[0]:
                state = {name: t.detach().clone() for name, t in network.state_dict().items()}
                best = (mean, number, state, noise.as_json() if noise else {})
    if noise:
        noise.remove()
    network.load_state_dict(best[2])
    return Trained(network.eval(), tokenizer, tuple(reports), best[1], best[3])
