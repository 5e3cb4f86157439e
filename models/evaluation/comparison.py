"""Is model B better than model A, beyond what so many rows show by chance?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.evaluation.answers import Answers
from models.evaluation.measures import accuracy, confusion, macro_f1, resampled_confusion
from models.evaluation.resampling import RESAMPLES, Interval, draws, percentiles
from models.evaluation.significance import holm, mcnemar, smallest_difference

Floats = npt.NDArray[np.float64]
Verdict = Literal["better", "worse", "no difference"]

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both models on the same rows; shares in [0, 1]."""

    a: float
    b: float
    interval: Interval
    """Of b − a: paired bootstrap, both models on the same resampled rows."""
    p_value: float
    """Accuracy: McNemar's exact test; macro-F1: paired bootstrap."""
    adjusted: float
    """The p-value when every compared set counts (Holm); the overall test is one and stays as it is."""

    @property
    def value(self) -> float:
        """b − a."""
        return self.b - self.a

    @property
    def verdict(self) -> Verdict:
        """What B is: only where test and interval agree is there a difference."""
        if self.adjusted > ALPHA or 0.0 in self.interval:
            return "no difference"
        return "better" if self.value > 0 else "worse"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same rows."""

    name: str
    """Of the set, or `overall`."""
    rows: int
    accuracy: Difference
    macro_f1: Difference
    """Overall: of the unweighted mean over the sets."""
    only_a: int
    """Rows that A is right about and B wrong."""
    only_b: int
    smallest: float
    """The difference in accuracy that so many rows would show 4 times in 5."""

    @property
    def verdict(self) -> Verdict:
        """That of accuracy; of macro-F1 where accuracy shows nothing."""
        return self.macro_f1.verdict if self.accuracy.verdict == "no difference" else self.accuracy.verdict


@dataclass(frozen=True, slots=True)
class _Resampled:
    """Differences b − a of every resample, (resamples,) each."""

    right: Floats
    """In rows that are right."""
    macro_f1: Floats


def compare(
    pairs: Mapping[str, tuple[Answers, Answers]], *, resamples: int = RESAMPLES, seed: int = 1
) -> tuple[Comparison, ...]:
    """Compare the answers of A and B, set by set and, where sets are several, overall as the last.

    P-values are adjusted for the number of sets by Holm's method, accuracy and macro-F1 apart. Overall, rows
    are resampled within their set, accuracy and McNemar's test pool all rows, and macro-F1 is the mean over
    the sets.
    """
    if not pairs:
        raise ModelError("no sets to compare on")
    found, samples = [], []
    for number, (name, (a, b)) in enumerate(pairs.items()):
        one, resampled = _compare_set(name, a, b, resamples, seed + number)
        found.append(one)
        samples.append(resampled)
    accuracies = holm([one.accuracy.p_value for one in found])
    f1s = holm([one.macro_f1.p_value for one in found])
    sets = tuple(
        replace(
            one,
            accuracy=replace(one.accuracy, adjusted=accuracies[i]),
            macro_f1=replace(one.macro_f1, adjusted=f1s[i]),
        )
        for i, one in enumerate(found)
    )
    return sets if len(sets) == 1 else (*sets, _overall(sets, samples))


def _compare_set(
    name: str, a: Answers, b: Answers, resamples: int, seed: int
) -> tuple[Comparison, _Resampled]:
    if a.examples != b.examples or a.names != b.names:
        raise ModelError(f"{name}: the two models were asked about different rows")
    size = len(a.names)
    order = np.lexsort((b.served.guesses, a.served.guesses, a.labels))
    labels, by_a, by_b = a.labels[order], a.served.guesses[order], b.served.guesses[order]
    right, f1 = [], []
    for rows in draws(len(labels), resamples, seed):
        matrix_a = resampled_confusion(labels, by_a, rows, size)
        matrix_b = resampled_confusion(labels, by_b, rows, size)
        right.append(np.trace(matrix_b - matrix_a, axis1=1, axis2=2).astype(np.float64))
        f1.append(macro_f1(matrix_b) - macro_f1(matrix_a))
    sample = _Resampled(np.concatenate(right), np.concatenate(f1))
    matrix_a, matrix_b = (confusion(labels, guesses, size) for guesses in (by_a, by_b))
    only_a = int(((by_a == labels) & (by_b != labels)).sum())
    only_b = int(((by_b == labels) & (by_a != labels)).sum())
    p = mcnemar(only_a, only_b)
    p_f1 = _bootstrap_p(sample.macro_f1)
    return Comparison(
        name=name,
        rows=len(labels),
        accuracy=Difference(
            float(accuracy(matrix_a)),
            float(accuracy(matrix_b)),
            percentiles(sample.right / len(labels)),
            p,
            p,
        ),
        macro_f1=Difference(
            float(macro_f1(matrix_a)), float(macro_f1(matrix_b)), percentiles(sample.macro_f1), p_f1, p_f1
        ),
        only_a=only_a,
        only_b=only_b,
        smallest=smallest_difference(len(labels), only_a + only_b),
    ), sample


def _overall(sets: tuple[Comparison, ...], samples: list[_Resampled]) -> Comparison:
    rows = sum(one.rows for one in sets)
    only_a, only_b = sum(one.only_a for one in sets), sum(one.only_b for one in sets)
    f1 = np.mean([sample.macro_f1 for sample in samples], axis=0)
    p, p_f1 = mcnemar(only_a, only_b), _bootstrap_p(f1)

    return Comparison(
        name="overall",
        rows=rows,
        accuracy=Difference(
            sum(one.accuracy.a * one.rows for one in sets) / rows,
            sum(one.accuracy.b * one.rows for one in sets) / rows,
            percentiles(np.sum([sample.right for sample in samples], axis=0) / rows),
            p,
            p,
        ),
        macro_f1=Difference(
            sum(one.macro_f1.a for one in sets) / len(sets),
            sum(one.macro_f1.b for one in sets) / len(sets),
            percentiles(f1),
            p_f1,
            p_f1,
        ),
        only_a=only_a,
        only_b=only_b,
        smallest=smallest_difference(rows, only_a + only_b),
    )


def _bootstrap_p(differences: Floats) -> float:
    """How often resampling turns the difference round, two-sided (Davison & Hinkley 1997, section 4.4)."""
    below, above = (differences <= 0).sum(), (differences >= 0).sum()
    return min(1.0, 2 * (1 + min(int(below), int(above))) / (1 + len(differences)))
