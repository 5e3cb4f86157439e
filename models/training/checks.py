"""Everything that can be wrong with a training, found before its first step; what is quick to find first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.data import Corpus, Task, data_folder, find_set, load_corpus
from models.errors import ModelError
from models.taxonomy import TONES, Topic, load_topics
from models.training.base import resolve_base, resolve_trained
from models.training.distillation import find_texts
from models.training.encoding import open_tokenizer
from models.training.network import WEIGHTS
from models.training.recipe import Recipe
from models.training.rows import DISTIL
from models.training.vocabulary import base_with_vocabulary

FAMILIES = ("bert", "roberta", "xlm-roberta", "camembert")
"""Types of encoders that can be trained: those that transformers builds of BERT's layers."""


@dataclass(frozen=True)
class Prepared:
    """A training that can begin."""

    recipe: Recipe
    base: str
    """Folder or hub id of the encoder."""
    topics: tuple[Topic, ...]
    corpus: Corpus

    def notices(self) -> Iterator[str]:
        """What a person should know about the data before waiting for the training."""
        names: dict[Task, Sequence[str]] = {"tone": TONES, "topic": [topic.id for topic in self.topics]}
        for task, classes in names.items():
            counts = Counter(row.label for row in self.corpus.train if row.task == task)
            if not counts:
                yield f"no row has a {task}: that head is not trained" + (
                    ", but by the teachers" if self.recipe.teachers else ""
                )
                continue
            missing = [name for label, name in enumerate(classes) if not counts[label]]
            if missing:
                yield f"no row to train {task} {', '.join(missing)} on"


def prepare(recipe: Recipe) -> Prepared:
    """Check a recipe against taxonomy, files, base and data, and read the data.

    Raises ModelError that names the first thing wrong.
    """
    topics = load_topics(recipe.taxonomy or None)
    for name in recipe.sets:
        find_set(name)
    _check_weights(recipe)
    _check_files(recipe)
    base = resolve_base(recipe.base)
    if recipe.vocabulary:
        if (Path(base) / WEIGHTS).is_file():
            raise ModelError("vocabulary: only that of an encoder can be cut, not that of a trained model")
        base = str(base_with_vocabulary(Path(base), Path(recipe.vocabulary)))
    _check_base(recipe, base)
    corpus = load_corpus(
        data_folder() if recipe.sets else None,
        recipe.sets,
        own=recipe.data,
        topics=topics,
        dev_share=recipe.dev_share,
    )
    _check_corpus(corpus, recipe, topics)
    return Prepared(recipe, base, topics, corpus)


def _check_weights(recipe: Recipe) -> None:
    tasks: set[str] = {find_set(name).task for name in recipe.sets}
    own = {file.source(task) for file in recipe.data for task in file.tasks}
    tasks |= {task for file in recipe.data for task in file.tasks}
    known = {*recipe.sets, *own, *tasks, *([DISTIL] if recipe.distil_texts else [])}
    for name in recipe.weights:
        if name not in known:
            raise ModelError(
                f"weights: {name!r} is no set or task of this training: {', '.join(sorted(known))}"
            )


def _check_files(recipe: Recipe) -> None:
    for file in recipe.data:
        if not file.path.is_file():
            raise ModelError(f"data: there is no file {file.path}")
    for teacher in recipe.teachers:
        try:
            resolve_trained(teacher)
        except ModelError as error:
            raise ModelError(f"teachers: {error}") from error
    for source in recipe.distil_texts:
        find_texts(source)
    for path, what in ((recipe.vocabulary, "vocabulary"), (recipe.augment_names, "augment_names")):
        if path and not Path(path).is_file():
            raise ModelError(f"{what}: there is no file {path}")


def _check_base(recipe: Recipe, base: str) -> None:
    from transformers import AutoConfig

    try:
        config: Any = AutoConfig.from_pretrained(base)
    except (OSError, ValueError) as error:
        raise ModelError(f"base: cannot open {base}: {str(error).splitlines()[0]}") from error
    if config.model_type not in FAMILIES:
        raise ModelError(f"base: {base} is a {config.model_type}; known are {', '.join(FAMILIES)}")
    layers = config.num_hidden_layers
    beyond = [layer for layer in recipe.layers if layer >= layers]
    if beyond:
        raise ModelError(f"layers: the base has layers 0 to {layers - 1}, none numbered {beyond}")
    if recipe.tune == "top" and recipe.top_layers > (len(recipe.layers) or layers):
        raise ModelError(f"top_layers: there are only {len(recipe.layers) or layers} layers")
    # RoBERTa's kin count positions from the padding token's number on.
    first = 0 if config.model_type == "bert" else config.pad_token_id + 1
    if recipe.max_length > config.max_position_embeddings - first:
        raise ModelError(
            f"max_length: the base reads {config.max_position_embeddings - first} tokens at most"
        )
    open_tokenizer(base, recipe.max_length)


def _check_corpus(corpus: Corpus, recipe: Recipe, topics: Sequence[Topic]) -> None:
    for part, rows in (("train on", corpus.train), ("choose the best epoch by", corpus.dev)):
        if not rows:
            raise ModelError(f"there is no row to {part}: give more data, or raise dev_share")
    names: dict[Task, Sequence[str]] = {"tone": TONES, "topic": [topic.id for topic in topics]}
    for task, classes in names.items():
        labels = {row.label for row in corpus.train if row.task == task}
        if len(labels) == 1:
            raise ModelError(
                f"every row to train {task} on says {classes[labels.pop()]}; a model needs two classes"
            )
