"""NAB: the plain-series detector on five tweet series, one set of parameters and one threshold for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.console import Console

from alerts import ValueDetector
from benchmarks.alert_bars.bar import Bar, at_least
from benchmarks.nab import SERIES, Array, Series, best, read_anomaly, read_profile, read_series
from pipeline.feed import parse_time
from pipeline.settings import Settings

_PUBLISHED = ("ARTime", "contextOSE", "numenta")


def scores(series: Series) -> Array:
    """Anomaly score of each value, as `tocsin detect` writes it."""
    detector = ValueDetector()
    anomaly = np.zeros(len(series.values))
    for row, (stamp, value) in enumerate(zip(series.timestamps, series.values.tolist(), strict=True)):
        when = parse_time(stamp)[0].timestamp()
        anomaly[row] = detector.score_one(value, when)
        detector.learn_one(value, when)
    return anomaly


def measure(data: Path, settings: Settings, trials: int, progress: Console) -> list[Bar]:
    """Our score beside the published detectors', all by the same scorer on the same five series."""
    folder = data / "nab"
    profile = read_profile(folder)
    every = [read_series(folder, name) for name in SERIES]
    ours = best(every, {series.name: scores(series) for series in every}, profile)
    found, false = sum(ours.found.values()), sum(ours.false.values())
    windows = sum(len(series.windows) for series in every)
    bars = [
        at_least(
            "NAB, five tweet series, standard profile",
            ours.score,
            80,
            f"{found} of {windows} windows, {false} rows outside, threshold {ours.threshold:.3f}",
            ".1f",
        )
    ]
    for name in _PUBLISHED:
        theirs = best(every, {s.name: read_anomaly(folder, name, s.name) for s in every}, profile)
        bars.append(Bar(f"  {name}, its published anomaly scores", f"{theirs.score:.1f}"))
    return bars
