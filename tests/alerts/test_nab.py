"""The scorer of NAB gives the published scores, and our detector reaches its bar by it."""

from __future__ import annotations

import pytest

from benchmarks.alert_bars.nab_score import scores
from benchmarks.nab import (
    SERIES,
    Profile,
    best,
    normalised,
    read_anomaly,
    read_profile,
    read_reference,
    read_series,
    score,
    sigmoid,
)
from models.data import data_folder


def test_a_detection_is_worth_more_the_earlier_it_is() -> None:
    assert sigmoid(-1.0) == pytest.approx(0.98661, abs=1e-5)
    assert sigmoid(0.0) == 0
    assert sigmoid(3.5) == -1


def test_finding_nothing_is_0_and_perfection_is_100() -> None:
    profile = Profile()
    assert normalised(-15, 15, profile) == 0
    assert normalised(15, 15, profile) == 100


@pytest.mark.data
def test_reproduces_every_published_score() -> None:
    folder = data_folder() / "nab"
    profile = read_profile(folder)
    reference = read_reference(folder)
    assert len(reference) == 15
    for row in reference:
        name = row["File"].removesuffix(".csv").rpartition("_")[2]
        anomaly = read_anomaly(folder, row["Detector"], name)
        ours = score(read_series(folder, name), anomaly, float(row["Threshold"]), profile)
        assert ours == pytest.approx(float(row["Score"]), abs=1e-9), f"{row['Detector']} on {name}"


@pytest.mark.data
def test_the_series_detector_reaches_its_bar_with_one_set_of_parameters() -> None:
    folder = data_folder() / "nab"
    every = [read_series(folder, name) for name in SERIES]
    found = best(every, {series.name: scores(series) for series in every}, read_profile(folder))
    assert found.score >= 80
