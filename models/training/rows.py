"""The rows of a training run as the network reads them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from models.data import Corpus, Example
from models.data.augment import Augmentation, augment, load_names
from models.errors import ModelError
from models.taxonomy import TONES
from models.training.base import resolve_trained
from models.training.distillation import read_texts, teach, unlabelled_texts
from models.training.encoding import encode
from models.training.losses import Targets, make_targets
from models.training.recipe import Recipe
from models.training.sampling import batches, epoch_rows, quotas

DISTIL = "distil"
"""Name of the unlabelled texts among the sets."""


@dataclass(frozen=True)
class Rows:
    """Labelled rows, then unlabelled ones."""

    ids: list[list[int]]
    """Token ids of every row."""
    sources: list[str]
    """Set of every row."""
    targets: Targets
    quota: dict[str, int]
    """Rows of every set in an epoch."""
    texts: list[str]
    tokenizer: Tokenizer
    augmentation: Augmentation | None = None
    """How texts are changed anew in every epoch."""

    def steps_per_epoch(self, size: int) -> int:
        """Batches of `size` rows in an epoch."""
        return -(-sum(self.quota.values()) // size)

    def epoch_ids(self, number: int, seed: int) -> list[list[int]]:
        """Token ids of every row in an epoch, counted from 0: a function of the arguments alone."""
        if self.augmentation is None:
            return self.ids
        changed = [
            augment(text, random.Random(f"{seed}/{number}/{row}"), self.augmentation)  # noqa: S311 (no secret)
            for row, text in enumerate(self.texts)
        ]
        return encode(self.tokenizer, changed)

    def epoch(self, number: int, size: int, seed: int) -> list[list[int]]:
        """Batches of an epoch, counted from 0, as row numbers: a function of the arguments alone."""
        chosen = epoch_rows(self.sources, self.quota, epoch=number, seed=seed)
        return batches(chosen, list(map(len, self.ids)), size, epoch=number, seed=seed)

    def digest(self) -> str:
        """Hash over tokens and labels: equal rows have equal ones."""
        digest = sha256(repr((self.ids, self.sources, sorted(self.quota.items()))).encode())
        targets = self.targets
        for tensor in (
            targets.task,
            targets.label,
            targets.weight,
            *targets.allowed,
            *(targets.teacher or ()),
        ):
            digest.update(tensor.contiguous().numpy().tobytes())
        return digest.hexdigest()


def prepare_rows(
    recipe: Recipe,
    corpus: Corpus,
    tokenizer: Tokenizer,
    topics: Sequence[str],
    *,
    cache: Path | None = None,
    device: torch.device | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Rows:
    """Tokenise the rows, draw the unlabelled ones, and ask the teachers what they say of all.

    `topics` are the topic head's ids in order. The teachers' answers are kept in the file `cache`; `progress`
    hears how far they are.
    """
    extra = distil_texts(recipe, corpus)
    texts = [example.text for example in corpus.train] + extra
    teacher = None
    if recipe.teachers:
        folders = [resolve_trained(teacher) for teacher in recipe.teachers]
        teacher = teach(folders, texts, topics, cache=cache, device=device, progress=progress)
    weight = torch.ones(len(texts))
    if recipe.class_weights == "balanced":
        weight[: len(corpus.train)] = balanced_weights(corpus.train, recipe.class_weight_cap)
    sources = [example.source for example in corpus.train] + [DISTIL] * len(extra)
    classes = (len(TONES), len(topics))
    return Rows(
        ids=encode(tokenizer, texts),
        sources=sources,
        targets=make_targets(corpus.train, len(extra), classes, weight=weight, teacher=teacher),
        texts=texts,
        tokenizer=tokenizer,
        augmentation=_augmentation(recipe),
        quota=quotas(Counter(sources), set_weights(recipe, corpus), recipe.sampling_temperature),
    )


def _augmentation(recipe: Recipe) -> Augmentation | None:
    shares = (recipe.augment_numbers, recipe.augment_entities, recipe.augment_words)
    if not any(shares):
        return None
    names = load_names(Path(recipe.augment_names)) if recipe.augment_names else None
    return Augmentation(*shares, names)


def distil_texts(recipe: Recipe, corpus: Corpus) -> list[str]:
    """The unlabelled texts of a recipe: none that is labelled, chosen by or tested on."""
    if not recipe.distil_texts:
        return []
    labelled = (*corpus.train, *corpus.dev, *(row for test in corpus.tests.values() for row in test))
    return unlabelled_texts(
        (text for source in recipe.distil_texts for text in read_texts(source)),
        known=(row.key for row in labelled),
        rows=recipe.distil_rows,
        seed=recipe.seed,
    )


def set_weights(recipe: Recipe, corpus: Corpus) -> dict[str, float]:
    """Weight of every set in the sampling: its own times its task's."""
    tasks: dict[str, str] = {example.source: example.task for example in corpus.train}
    known = {*tasks, *(example.task for example in corpus.train), DISTIL}
    for name in recipe.weights:
        if name not in known:
            raise ModelError(
                f"weights: {name!r} is no set or task of this training: {', '.join(sorted(known))}"
            )
    given = recipe.weights
    weights = {source: given.get(source, 1.0) * given.get(task, 1.0) for source, task in tasks.items()}
    return weights | {DISTIL: given.get(DISTIL, 1.0)}


def balanced_weights(examples: Sequence[Example], cap: float) -> Tensor:
    """Weight of every row (n,): how rare its class is in its set, at most `cap`, scaled to a mean of 1 a set.

    A class of average size weighs 1 before scaling: rows / (classes * rows of the class), over the classes
    that occur.
    """
    counts: dict[str, Counter[int]] = {}
    for example in examples:
        counts.setdefault(example.source, Counter())[example.label] += 1
    weights: dict[tuple[str, int], float] = {}
    for source, of in counts.items():
        raw = {label: min(cap, of.total() / (len(of) * count)) for label, count in of.items()}
        mean = sum(raw[label] * count for label, count in of.items()) / of.total()
        weights |= {(source, label): value / mean for label, value in raw.items()}
    return torch.tensor([weights[example.source, example.label] for example in examples])
