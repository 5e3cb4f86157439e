"""What a set holds: classes, languages, parts and lengths of the rows that can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.data.examples import Task
from models.data.reading import Reading
from models.data.splits import copies

QUANTILES = (0.05, 0.5, 0.9, 0.99, 1.0)
"""Of the texts' lengths."""
_FEW = 20
_SMALL_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class ClassCount:
    """How many rows carry one label."""

    name: str
    rows: int
    share: float


@dataclass(frozen=True, slots=True)
class Balance:
    """What a set holds, after the rows that are left out."""

    name: str
    task: Task
    rows: int
    """In the file."""
    used: int
    classes: tuple[ClassCount, ...]
    """In the order of the model's outputs, those without rows too."""
    languages: dict[str, int]
    parts: dict[str, int]
    """Rows by split, where the file names one."""
    characters: dict[float, int]
    """Quantile → length of a text in characters."""
    left_out: dict[str, int]
    """Reason → rows."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a model trained on this will be weak at."""
        said = []
        few = [one.name for one in self.classes if 0 < one.rows < _FEW]
        if few:
            said.append(f"fewer than {_FEW} rows: {', '.join(few)}")
        small = [one.name for one in self.classes if one.rows >= _FEW and one.share < _SMALL_SHARE]
        if small:
            said.append(f"less than {_SMALL_SHARE:.0%} of the rows: {', '.join(small)}")
        none = [one.name for one in self.classes if not one.rows]
        if none:
            said.append(f"no rows: {', '.join(none)}")
        return tuple(said)


def balance(reading: Reading, classes: Sequence[str]) -> Balance:
    """Count what a reading holds; `classes` are the names of its labels in order."""
    out = {place for places in copies(reading.examples).values() for place in places}
    used = [(example, part) for place, (example, part) in enumerate(reading.examples) if place not in out]
    labels = Counter(example.label for example, _ in used)
    lengths = np.quantile([len(example.text) for example, _ in used] or [0], QUANTILES, method="lower")
    return Balance(
        name=reading.name,
        task=reading.task,
        rows=reading.rows,
        used=len(used),
        classes=tuple(
            ClassCount(name, labels[index], labels[index] / max(1, len(used)))
            for index, name in enumerate(classes)
        ),
        languages=dict(Counter(example.language for example, _ in used).most_common()),
        parts=dict(Counter(part for _, part in used if part).most_common()),
        characters=dict(zip(QUANTILES, map(int, lengths), strict=True)),
        left_out={drop.reason: len(drop.rows) for drop in reading.dropped},
    )


def overlaps(readings: Sequence[Reading]) -> tuple[tuple[str, str, int], ...]:
    """Pairs of sets and how many texts stand in both; those that share none are left out."""
    keys = [{example.key for example, _ in reading.examples} for reading in readings]
    return tuple(
        (a.name, b.name, shared)
        for i, a in enumerate(readings)
        for j, b in enumerate(readings)
        if i < j and (shared := len(keys[i] & keys[j]))
    )
