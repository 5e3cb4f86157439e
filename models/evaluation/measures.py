"""Figures that say how often a classifier is right, all of them read off a confusion matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.evaluation.calibration import expected_calibration_error

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


def confusion(labels: Ints, guesses: Ints, size: int) -> Ints:
    """Count the rows of every (label, guess): (size, size), one row a label, one column a guess.

    >>> confusion(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * size + guesses, minlength=size * size).reshape(size, size).astype(np.int64)


def resampled_confusion(labels: Ints, guesses: Ints, draws: Ints, size: int) -> Ints:
    """Confusion matrices (resamples, size, size) of resamples given by their rows, `draws` (resamples, n)."""
    cells = (labels * size + guesses)[draws] + size * size * np.arange(len(draws))[:, None]
    counts = np.bincount(cells.ravel(), minlength=len(draws) * size * size)
    return counts.reshape(len(draws), size, size).astype(np.int64)


def _shares(counts: Ints | Floats, totals: Ints | Floats) -> Floats:
    """`counts` over `totals`; nothing of nothing is 0."""
    return np.divide(counts, totals, out=np.zeros(np.shape(totals), np.float64), where=totals > 0)


def accuracy(matrix: Ints) -> Floats:
    """Share of right rows of confusion matrices (…, classes, classes); of no rows 0."""
    return _shares(np.trace(matrix, axis1=-2, axis2=-1), matrix.sum((-2, -1)))


def macro_f1(matrix: Ints) -> Floats:
    """Mean F1 of the classes that occur in the labels, of confusion matrices (…, classes, classes)."""
    hits = np.diagonal(matrix, axis1=-2, axis2=-1)
    are, said = matrix.sum(-1), matrix.sum(-2)
    present = are > 0
    return _shares((_shares(2 * hits, are + said) * present).sum(-1), present.sum(-1))


def class_figures(matrix: Ints, names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """Precision, recall and F1 of every class of one confusion matrix; a share of nothing is 0."""
    hits, are, said = np.diagonal(matrix), matrix.sum(1), matrix.sum(0)
    columns = _shares(hits, said), _shares(hits, are), _shares(2 * hits, are + said)
    return tuple(
        ClassFigures(name, int(are[i]), *(float(column[i]) for column in columns))
        for i, name in enumerate(names)
    )


def figures(labels: Ints, guesses: Ints, confidence: Floats, names: Sequence[str]) -> Figures:
    """Compare guesses with labels, (n,) indices into `names`; `confidence` are the guesses' probabilities."""
    matrix = confusion(labels, guesses, len(names))
    return Figures(
        rows=len(labels),
        accuracy=float(accuracy(matrix)),
        macro_f1=float(macro_f1(matrix)),
        ece=expected_calibration_error(confidence, labels == guesses),
        classes=class_figures(matrix, names),
    )
