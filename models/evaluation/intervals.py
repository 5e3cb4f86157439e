"""How far a set's figures may be off: bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.evaluation.calibration import expected_calibration_error, resampled_errors
from models.evaluation.measures import accuracy, macro_f1, resampled_confusion
from models.evaluation.resampling import RESAMPLES, Interval, draws, percentiles

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of one set's figures."""

    accuracy: Interval
    macro_f1: Interval
    ece: Interval
    """Of the error as measured, chance included (see `Calibration.chance`). Resampling adds noise to an error
    that noise has enlarged already, so the percentiles are moved back by how much the mean grew."""


def intervals(
    labels: Ints,
    guesses: Ints,
    confidence: Floats,
    size: int,
    *,
    resamples: int = RESAMPLES,
    seed: int = 1,
) -> Intervals:
    """Intervals of accuracy, macro-F1 and calibration error of n rows with labels and guesses below `size`.

    Rows are put in order first, so that the interval does not depend on the order in which they came.
    """
    order = np.lexsort((confidence, guesses, labels))
    labels, guesses, confidence = labels[order], guesses[order], confidence[order]
    right = labels == guesses
    found: list[tuple[Floats, Floats, Floats]] = []
    for rows in draws(len(labels), resamples, seed):
        matrices = resampled_confusion(labels, guesses, rows, size)
        found.append((accuracy(matrices), macro_f1(matrices), resampled_errors(confidence, right, rows)))
    accuracies, f1s, errors = (np.concatenate(values) for values in zip(*found, strict=True))
    grown = errors.mean() - expected_calibration_error(confidence, right)
    return Intervals(percentiles(accuracies), percentiles(f1s), percentiles(np.maximum(errors - grown, 0.0)))
