"""The score of the Numenta Anomaly Benchmark, computed anew (Lavin & Ahmad 2015, arXiv:1510.03336).

A detection in a labelled window earns up to 1, the earlier the more; a window without one costs `fn`; every
detection outside costs up to `fp`, less just behind a window. Only the best detection of a window counts. The
first 15 % of a series (at most 750 rows) count nowhere. One threshold serves all series.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
SERIES = ("AAPL", "CRM", "FB", "IBM", "PFE")
_PROBATION, _PROBATION_ROWS = 0.15, 5000
_FAR_BEHIND = 3.0


@dataclass(frozen=True)
class Profile:
    """What each outcome is worth."""

    tp: float = 1.0
    fp: float = 0.11
    fn: float = 1.0


@dataclass(frozen=True)
class Series:
    """A labelled series."""

    name: str
    timestamps: tuple[str, ...]
    values: Array
    windows: tuple[tuple[str, str], ...]
    """First and last moment of each window, both within it."""


def read_series(folder: Path, name: str) -> Series:
    """One of the tweet series with its windows."""
    file = f"Twitter_volume_{name}.csv"
    with gzip.open(folder / f"{file}.gz", "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    windows = json.loads((folder / "windows.json").read_text())[file]
    return Series(
        name=name,
        timestamps=tuple(row["timestamp"] for row in rows),
        values=np.array([float(row["value"]) for row in rows]),
        windows=tuple((start[:19], end[:19]) for start, end in windows),
    )


def read_profile(folder: Path, name: str = "standard") -> Profile:
    """One of NAB's profiles."""
    costs = json.loads((folder / "profiles.json").read_text())[name]["CostMatrix"]
    return Profile(tp=costs["tpWeight"], fp=costs["fpWeight"], fn=costs["fnWeight"])


def sigmoid(position: float) -> float:
    """Worth of a detection by its place relative to a window's right end, in window widths; in [-1, 1]."""
    return -1.0 if position > _FAR_BEHIND else 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def row_scores(series: Series, profile: Profile) -> tuple[Array, npt.NDArray[np.int64]]:
    """What a detection at each row would be worth, and the window each lies in (-1: none, -2: probation)."""
    rows = len(series.timestamps)
    probation = min(math.floor(_PROBATION * rows), math.floor(_PROBATION * _PROBATION_ROWS))
    index = {timestamp: row for row, timestamp in enumerate(series.timestamps)}
    bounds = [(index[start], index[end]) for start, end in series.windows]
    best = sigmoid(-1.0)
    worth, place = np.empty(rows), np.full(rows, -1)
    for row in range(rows):
        inside = [number for number, (start, end) in enumerate(bounds) if start <= row <= end]
        if inside:
            start, end = bounds[inside[0]]
            worth[row] = sigmoid(-(end - row + 1) / (end - start + 1)) * profile.tp / best
            place[row] = inside[0]
            continue
        before = [bound for bound in bounds if bound[1] < row]
        if before:
            start, end = before[-1]
            worth[row] = sigmoid((row - end) / (end - start)) * profile.fp
        else:
            worth[row] = -profile.fp
    place[:probation] = -2
    return worth, place


def score(series: Series, anomaly: Array, threshold: float, profile: Profile) -> float:
    """Raw score of one series at one threshold: between -windows (nothing found) and +windows."""
    worth, place = row_scores(series, profile)
    return _score(len(series.windows), anomaly >= threshold, worth, place, profile)


def _score(
    windows: int,
    detected: npt.NDArray[np.bool_],
    worth: Array,
    place: npt.NDArray[np.int64],
    profile: Profile,
) -> float:
    total = float(worth[detected & (place == -1)].sum())
    for window in range(windows):
        found = worth[detected & (place == window)]
        total += float(found.max()) if found.size else -profile.fn
    return total


@dataclass(frozen=True)
class Result:
    """The score over all series at the threshold that suits the detector best, as NAB finds it."""

    score: float
    """0 for a detector that finds nothing, 100 for a perfect one."""
    threshold: float
    raw: Mapping[str, float]
    found: Mapping[str, int]
    """Windows with a detection, by series."""
    false: Mapping[str, int]
    """Rows detected outside of windows, by series."""


def normalised(raw: float, windows: int, profile: Profile) -> float:
    """Raw score as a share of the way from finding nothing to perfection, per cent."""
    null = -windows * profile.fn
    return 100.0 * (raw - null) / (windows * profile.tp - null)


def best(every: Sequence[Series], anomaly: Mapping[str, Array], profile: Profile) -> Result:
    """Score at the one threshold for all series that gives the most, each distinct score being tried."""
    rows = {series.name: row_scores(series, profile) for series in every}
    windows = sum(len(series.windows) for series in every)
    tried = np.unique(np.concatenate([anomaly[s.name][rows[s.name][1] > -2] for s in every]))
    tried = tried[-2000:]

    def raw(threshold: float) -> dict[str, float]:
        return {
            s.name: _score(len(s.windows), anomaly[s.name] >= threshold, *rows[s.name], profile)
            for s in every
        }

    scored = [(sum(raw(threshold).values()), threshold) for threshold in tried]
    total, threshold = max(scored)
    found, false = {}, {}
    for series in every:
        place = rows[series.name][1]
        detected = anomaly[series.name] >= threshold
        found[series.name] = len(set(place[detected & (place >= 0)].tolist()))
        false[series.name] = int((detected & (place == -1)).sum())
    return Result(normalised(total, windows, profile), float(threshold), raw(threshold), found, false)


def read_reference(folder: Path) -> list[dict[str, str]]:
    """Rows of the published scores: detector, series' file, threshold and score."""
    with (folder / "reference" / "standard_scores.csv").open(newline="") as lines:
        return list(csv.DictReader(lines))


def read_anomaly(folder: Path, detector: str, name: str) -> Array:
    """A published detector's anomaly scores on one series."""
    with gzip.open(folder / "reference" / f"{detector}_{name}.csv.gz", "rt", newline="") as lines:
        return np.array([float(row["anomaly_score"]) for row in csv.DictReader(lines)])
