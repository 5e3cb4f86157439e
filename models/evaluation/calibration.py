"""Does a probability mean what it says: calibration error, reliability bins, and what chance would show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.evaluation.resampling import RESAMPLES, draws

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BINS = 15


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence lies in one of the equal parts of [0, 1]."""

    low: float
    high: float
    rows: int
    confidence: float
    """Mean probability of the guesses."""
    accuracy: float
    """Share of right guesses."""
    chance: tuple[float, float]
    """Between these lies the accuracy of a perfectly calibrated model 95 times in 100 (consistency bars)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far confidence and accuracy lie apart, and how far they would by chance."""

    ece: float
    """Expected calibration error over 15 equal bins of the winning probability (Naeini et al. 2015)."""
    chance: float
    """What a perfectly calibrated model would show on so many rows, on average: the estimator's own bias."""
    chance_high: float
    """What it would show at most, 95 times in 100."""
    p_value: float
    """How often it would show at least `ece`: small means that the error is more than noise."""
    bins: tuple[Bin, ...]
    """The bins that hold rows."""


def bin_of(confidence: Floats, bins: int = BINS) -> Ints:
    """Index of the equal part of [0, 1] that every confidence lies in; 1 belongs to the last.

    >>> bin_of(np.array([0.0, 0.5, 1.0]), 2).tolist()
    [0, 1, 1]
    """
    return np.minimum((confidence * bins).astype(np.int64), bins - 1)


def expected_calibration_error(confidence: Floats, right: Bools, bins: int = BINS) -> float:
    """Mean distance between confidence and accuracy, weighted by the rows of each bin.

    >>> expected_calibration_error(np.array([0.9, 0.9]), np.array([True, False]))
    0.4
    """
    gaps = np.bincount(bin_of(confidence, bins), weights=right - confidence)
    return float(np.abs(gaps).sum() / len(confidence))


def resampled_errors(confidence: Floats, right: Bools, draws: Ints, bins: int = BINS) -> Floats:
    """Calibration error of every resample: `draws` (resamples, n) are indices of rows."""
    return _errors(bin_of(confidence, bins)[draws], (right - confidence)[draws], bins)


def _errors(in_bin: Ints, excess: Floats, bins: int) -> Floats:
    """Calibration error of samples (samples, n) from every row's bin and its right − confidence."""
    errors: Floats = np.abs(_sums(in_bin, excess, bins)).sum(1) / in_bin.shape[1]
    return errors


def _sums(in_bin: Ints, values: Floats | Bools | None, bins: int) -> Floats:
    """Sum the values, or count the rows, of every bin of samples (samples, n) → (samples, bins)."""
    samples = len(in_bin)
    cells = (in_bin + bins * np.arange(samples)[:, None]).ravel()
    weights = None if values is None else values.ravel()
    sums = np.bincount(cells, weights=weights, minlength=samples * bins).astype(np.float64)
    return sums.reshape(samples, bins)


def calibration(confidence: Floats, right: Bools, *, samples: int = RESAMPLES, seed: int = 1) -> Calibration:
    """Measure calibration, and by consistency resampling what chance alone would show.

    A model that is calibrated perfectly has an error above 0 on every finite set, the larger the fewer the
    rows. So confidences are drawn with replacement, and every outcome from its own confidence (Bröcker &
    Smith 2007, "Increasing the Reliability of Reliability Diagrams"): the errors of those samples are what
    noise shows. The order of the rows does not matter.
    """
    ece = expected_calibration_error(confidence, right)
    random = np.random.default_rng((seed, 1))
    ordered = np.sort(confidence)
    ordered_bin = bin_of(ordered)
    errors, shares = [], []
    for rows in draws(len(ordered), samples, seed):
        in_bin, drawn = ordered_bin[rows], ordered[rows]
        hit = random.random(drawn.shape) < drawn
        errors.append(_errors(in_bin, hit - drawn, BINS))
        with np.errstate(invalid="ignore"):  # a bin that a sample leaves empty has no share
            shares.append(_sums(in_bin, hit, BINS) / _sums(in_bin, None, BINS))
    by_chance = np.concatenate(errors)
    return Calibration(
        ece=ece,
        chance=float(by_chance.mean()),
        chance_high=float(np.quantile(by_chance, 0.95)),
        p_value=float((1 + (by_chance >= ece).sum()) / (1 + samples)),
        bins=_bins(confidence, right, np.concatenate(shares)),
    )


def _bins(confidence: Floats, right: Bools, shares: Floats) -> tuple[Bin, ...]:
    in_bin = bin_of(confidence)
    found = []
    for b in np.unique(in_bin):
        inside = in_bin == b
        low, high = np.nanquantile(shares[:, b], (0.025, 0.975))
        found.append(
            Bin(
                low=b / BINS,
                high=(b + 1) / BINS,
                rows=int(inside.sum()),
                confidence=float(confidence[inside].mean()),
                accuracy=float(right[inside].mean()),
                chance=(float(low), float(high)),
            )
        )
    return tuple(found)
