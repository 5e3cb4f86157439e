"""What a model says of labelled rows: its guesses, and how sure it is of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.data import Example, Task
from models.errors import ModelError
from models.scores import softmax, thousandths
from models.taxonomy import TONES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Logits = npt.NDArray[np.float32]
Progress = Callable[[int], None]
"""Called with the number of rows that are done since the last call."""

_AT_ONCE = 256


class Model(Protocol):
    """What evaluation asks of a model; `Classifier` has it."""

    model: str
    topics: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def temperatures(self) -> tuple[float, float]:
        """What logits are divided by: of tone, of topic."""

    @property
    def training(self) -> Mapping[str, Any]:
        """How the model was made: its recipe and more."""

    def logits(self, texts: Sequence[str]) -> tuple[Logits, Logits]:
        """Logits of every text, (n, 3) tones and (n, topics), before any temperature."""

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text that the model would read."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A class for every row, and how sure the model is of it."""

    guesses: Ints
    """(n,) index of the class: as served, the likeliest after rounding, of equal ones the first."""
    confidence: Floats
    """(n,) its probability, not rounded."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model says of the rows of one set."""

    examples: tuple[Example, ...]
    task: Task
    names: tuple[str, ...]
    """The classes, in the order that labels and guesses point into."""
    labels: Ints
    tokens: Ints
    """(n,) tokens that the model reads of each text."""
    temperature: float
    served: Judgement
    """With the temperature of the model."""
    raw: Judgement
    """With temperature 1: before it was calibrated."""

    def __len__(self) -> int:
        return len(self.examples)

    def select(self, rows: Sequence[int]) -> Answers:
        """Those of some rows."""
        chosen = np.array(rows, np.int64)
        return replace(
            self,
            examples=tuple(self.examples[row] for row in rows),
            labels=self.labels[chosen],
            tokens=self.tokens[chosen],
            served=Judgement(self.served.guesses[chosen], self.served.confidence[chosen]),
            raw=Judgement(self.raw.guesses[chosen], self.raw.confidence[chosen]),
        )


def judge(logits: Logits, allowed: npt.NDArray[np.bool_], temperature: float) -> Judgement:
    """Choose one of the allowed classes of every row, (n, classes) both; their probabilities add up to 1.

    A set that has no neutral rows says nothing about neutral, so the model is asked among the others.
    """
    probabilities = softmax(np.where(allowed, logits, -np.inf).astype(np.float32), temperature)
    guesses = thousandths(probabilities).argmax(axis=1).astype(np.int64)
    return Judgement(guesses, np.take_along_axis(probabilities, guesses[:, None], axis=1)[:, 0])


def allowed_classes(examples: Sequence[Example], size: int) -> npt.NDArray[np.bool_]:
    """(n, size) the classes that each row's set tells apart."""
    allowed = np.zeros((len(examples), size), np.bool_)
    for row, example in enumerate(examples):
        allowed[row, list(example.classes) or slice(None)] = True
    return allowed


def answer(
    model: Model,
    examples: Sequence[Example],
    progress: Progress | None = None,
    *,
    topics: Sequence[str] | None = None,
) -> Answers:
    """Ask the model about the rows of one set, all of one task; ModelError when nothing can be measured.

    `topics` are the ids that the rows' labels point into, by default the model's own in its order.
    """
    task, names = check_rows(examples, topics or model.topics)
    parts, tokens = [], []
    for start in range(0, len(examples), _AT_ONCE):
        texts = [example.text for example in examples[start : start + _AT_ONCE]]
        tone, topic = model.logits(texts)
        parts.append(tone if task == "tone" else topic[:, _columns(model.topics, names)])
        tokens += model.token_counts(texts)
        if progress is not None:
            progress(len(texts))
    logits = np.concatenate(parts)
    allowed = allowed_classes(examples, len(names))
    temperature = model.temperatures[0 if task == "tone" else 1]
    return Answers(
        examples=tuple(examples),
        task=task,
        names=names,
        labels=np.array([example.label for example in examples], np.int64),
        tokens=np.array(tokens, np.int64),
        temperature=temperature,
        served=judge(logits, allowed, temperature),
        raw=judge(logits, allowed, 1.0),
    )


def _columns(topics: Sequence[str], names: Sequence[str]) -> list[int]:
    """Where the topics `names` stand among the model's."""
    if set(topics) != set(names):
        raise ModelError(
            "the rows are labelled with other topics than the model knows: measure its tones only"
        )
    return [topics.index(name) for name in names]


def check_rows(examples: Sequence[Example], topics: Sequence[str]) -> tuple[Task, tuple[str, ...]]:
    """Task and class names of the rows; ModelError when they are none, of two tasks, or of one class only."""
    if not examples:
        raise ModelError(
            "there are no rows to measure: the set is empty, or holds texts with clashing labels"
        )
    tasks = {example.task for example in examples}
    if len(tasks) > 1:
        raise ModelError("the rows mix tones and topics: measure the two as sets of their own")
    task = tasks.pop()
    names = TONES if task == "tone" else tuple(topics)
    labels = {example.label for example in examples}
    if max(labels) >= len(names):
        raise ModelError(f"a row has the {task} number {max(labels)}, the model knows {len(names)}")
    if len(labels) == 1:
        raise ModelError(
            f"all {len(examples):,} rows are labelled {names[labels.pop()]!r}: with one class there is "
            "nothing to tell apart; add rows of another"
        )
    return task, names
