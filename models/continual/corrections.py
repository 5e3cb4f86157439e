"""Corrections as rows to learn from: which of them count, and which are kept aside to measure by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from models.data import Example, Task
from models.errors import ModelError
from models.language import detect
from models.taxonomy import TONES
from models.text import text_key

SOURCE = "corrections"
HOLD_OUT = 0.2
"""Share of the corrected texts that no training ever sees."""
DEV_SHARE = 0.1
"""Share of them that the best epoch is chosen by."""
SEED = "corrections-1"


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says of one text."""

    id: str
    """Of the document."""
    text: str
    """As `models.text.model_input` makes it."""
    tone: str | None
    """One of `TONES`; None where it was not judged."""
    topic: str
    """A topic id; empty where it was not judged."""
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Divided:
    """Corrections by what they are used for; a text is in one part alone, tone and topic together."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    held_out: tuple[Example, ...]


def to_examples(corrections: Iterable[Correction], topics: Sequence[str]) -> list[Example]:
    """Rows to learn from, for the heads of a model with these topics.

    Of several corrections of one document, and of one text, the latest counts, for tone and topic apart: who
    corrects the topic alone leaves an earlier tone as it is. Raises ModelError for a topic that the model
    does not know.
    """
    newest: dict[tuple[Task, str], tuple[Correction, int]] = {}
    for each in sorted(corrections, key=_order):
        for task, label in _labels(each, topics):
            newest[task, each.id] = each, label
    by_text: dict[tuple[Task, str], Example] = {}
    for (task, _), (each, label) in sorted(newest.items(), key=lambda item: _order(item[1][0])):
        key = text_key(each.text)
        if key:
            example = Example(
                id=each.id,
                source=f"{SOURCE}_{task}",
                task=task,
                text=each.text,
                key=key,
                label=label,
                language=detect(each.text),
            )
            by_text[task, key] = example
    return sorted(by_text.values(), key=lambda example: (example.task, example.key))


def divide(
    examples: Iterable[Example], *, hold_out: float = HOLD_OUT, dev_share: float = DEV_SHARE
) -> Divided:
    """Divide corrections by a hash of their text.

    A text stays in its part however many corrections come later, so that what was once held out is never
    trained on.
    """
    parts: tuple[list[Example], ...] = ([], [], [])
    for example in examples:
        place = _place(example.key)
        parts[2 if place < hold_out else 1 if place < hold_out + dev_share else 0].append(example)
    return Divided(*map(tuple, parts))


def _order(each: Correction) -> tuple[object, ...]:
    """By time; who has the last word at one moment does not depend on the order of reading either."""
    return each.at, each.by, each.tone or "", each.topic, each.id, each.text


def _labels(each: Correction, topics: Sequence[str]) -> Iterable[tuple[Task, int]]:
    if each.tone is not None:
        yield "tone", TONES.index(each.tone)
    if each.topic:
        if each.topic not in topics:
            raise ModelError(
                f"the correction of {each.id!r} by {each.by} says topic {each.topic!r}; "
                f"the model knows {', '.join(topics)}"
            )
        yield "topic", topics.index(each.topic)


def _place(key: str) -> float:
    """Where a text stands in [0, 1)."""
    return int.from_bytes(sha256(f"{SEED}\0{key}".encode()).digest()[:8], "big") / 2**64
