"""A labelled text, and a corpus divided so that no test row is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Task = Literal["tone", "topic"]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text."""

    id: str
    source: str
    """Name of its set."""
    task: Task
    text: str
    """As `model_input` makes it."""
    key: str
    """Texts with one key are the same text."""
    label: int
    """Index into the tones or the topics."""
    agreement: int = 0
    """Financial PhraseBank: per cent of the annotators who agreed, at least; else 0."""
    language: str = "en"
    """BCP 47 tag: of its set, or detected."""
    classes: tuple[int, ...] = ()
    """Labels its set tells apart, where that is fewer than all: (0, 2) for negative or positive; empty: all.

    Such a row says nothing about the other labels: train and measure over these alone.
    """


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows to train on, rows to choose the best epoch by, and rows to report on."""

    train: tuple[Example, ...]
    dev: tuple[Example, ...]
    tests: Mapping[str, tuple[Example, ...]]
