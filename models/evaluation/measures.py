"""Figures that say how good a classifier is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class."""

    name: str
    rows: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One set of rows; shares in [0, 1]."""

    rows: int
    accuracy: float
    macro_f1: float
    """Mean F1 of the classes that occur in the labels."""
    ece: float
    """Expected calibration error over 15 equal bins of the winning probability (Naeini et al. 2015)."""
    classes: tuple[ClassFigures, ...]


def expected_calibration_error(confidence: Floats, right: npt.NDArray[np.bool_], bins: int = 15) -> float:
    """Mean distance between confidence and accuracy, weighted by the rows of each bin.

    >>> expected_calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
    0.4
    """
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = [
        abs(float(right[bin_of == b].mean()) - float(confidence[bin_of == b].mean()))
        * int((bin_of == b).sum())
        for b in np.unique(bin_of)
    ]
    return sum(gaps) / len(confidence)


def figures(labels: Ints, guesses: Ints, confidence: Floats, names: Sequence[str]) -> Figures:
    """Compare guesses with labels, (n,) indices into `names`; `confidence` are the guesses' probabilities."""
    right = labels == guesses
    classes = []
    for index, name in enumerate(names):
        hits = int((right & (labels == index)).sum())
        said, are = int((guesses == index).sum()), int((labels == index).sum())
        classes.append(
            ClassFigures(
                name=name,
                rows=are,
                precision=hits / said if said else 0.0,
                recall=hits / are if are else 0.0,
                f1=2 * hits / (said + are) if said + are else 0.0,
            )
        )
    present = [c.f1 for c in classes if c.rows]
    return Figures(
        rows=len(labels),
        accuracy=float(right.mean()),
        macro_f1=sum(present) / len(present),
        ece=expected_calibration_error(confidence, right),
        classes=tuple(classes),
    )
