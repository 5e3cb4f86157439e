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

Ints = npt.NDArray[np.int64]
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
    """Accuracy: McNemar's exact test; macro-F1: approximate randomisation."""
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
    macro_f1_by_chance: Floats
    """With the guesses of A and B swapped at random."""


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
    sample = _Resampled(
        np.concatenate(right),
        np.concatenate(f1),
        _swapped_f1(labels, by_a, by_b, size, resamples, seed),
    )
    matrix_a, matrix_b = (confusion(labels, guesses, size) for guesses in (by_a, by_b))
    only_a = int(((by_a == labels) & (by_b != labels)).sum())
    only_b = int(((by_b == labels) & (by_a != labels)).sum())
    p = mcnemar(only_a, only_b)
    f1_a, f1_b = float(macro_f1(matrix_a)), float(macro_f1(matrix_b))
    p_f1 = _randomisation_p(f1_b - f1_a, sample.macro_f1_by_chance)
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
        macro_f1=Difference(f1_a, f1_b, percentiles(sample.macro_f1), p_f1, p_f1),
        only_a=only_a,
        only_b=only_b,
        smallest=smallest_difference(len(labels), only_a + only_b),
    ), sample


def _overall(sets: tuple[Comparison, ...], samples: list[_Resampled]) -> Comparison:
    rows = sum(one.rows for one in sets)
    only_a, only_b = sum(one.only_a for one in sets), sum(one.only_b for one in sets)
    f1_a, f1_b = (sum(getattr(one.macro_f1, which) for one in sets) / len(sets) for which in ("a", "b"))
    by_chance = np.mean([sample.macro_f1_by_chance for sample in samples], axis=0)
    p, p_f1 = mcnemar(only_a, only_b), _randomisation_p(f1_b - f1_a, by_chance)
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
            f1_a, f1_b, percentiles(np.mean([sample.macro_f1 for sample in samples], axis=0)), p_f1, p_f1
        ),
        only_a=only_a,
        only_b=only_b,
        smallest=smallest_difference(rows, only_a + only_b),
    )


def _swapped_f1(labels: Ints, by_a: Ints, by_b: Ints, size: int, resamples: int, seed: int) -> Floats:
    """Differences b − a in macro-F1 when every row's two guesses change places at random, (resamples,).

    Were the models alike, these would be as likely as the one that was measured: approximate randomisation
    (Noreen 1989; Yeh 2000 for F1).
    """
    same = by_a == by_b
    settled = confusion(labels[same], by_a[same], size)
    labels, by_a, by_b = labels[~same], by_a[~same], by_b[~same]
    swap = np.random.default_rng((seed, 1)).random((resamples, len(labels))) < 0.5
    cells = size * size * np.arange(resamples)[:, None] + labels * size
    both = []
    for guesses in (np.where(swap, by_b, by_a), np.where(swap, by_a, by_b)):
        counts = np.bincount((cells + guesses).ravel(), minlength=resamples * size * size)
        both.append(macro_f1(settled + counts.reshape(resamples, size, size)))
    return both[1] - both[0]


def _randomisation_p(difference: float, by_chance: Floats) -> float:
    """How often chance shows a difference at least as large, to either side."""
    # Equal differences may come out a rounding error apart.
    as_large = np.abs(by_chance) >= abs(difference) - 1e-12
    return float((1 + as_large.sum()) / (1 + len(by_chance)))
