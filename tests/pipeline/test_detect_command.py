"""`tocsin detect`: what a person types and what comes of it."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from pipeline.cli.main import app
from pipeline.errors import UsageError


def tocsin(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["detect", *arguments])


@pytest.fixture
def series(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    start = datetime(2015, 3, 1)
    values = random.poisson(100, 4 * 288)
    values[900] = 2000
    lines = [f"{start + timedelta(minutes=5 * at)},{value}" for at, value in enumerate(values)]
    path = tmp_path / "series.csv.gz"
    with gzip.open(path, "wt") as file:
        file.write("timestamp,value\n" + "\n".join(lines) + "\n")
    return path


def test_writes_a_score_beside_every_value(series: Path, tmp_path: Path) -> None:
    out = tmp_path / "scored.csv"
    outcome = tocsin(str(series), "--out", str(out))
    assert outcome.exit_code == 0, outcome.output
    rows = list(csv.DictReader(out.open()))
    assert len(rows) == 4 * 288
    assert list(rows[0]) == ["timestamp", "value", "anomaly_score"]
    best = max(rows, key=lambda row: float(row["anomaly_score"]))
    assert best["value"] == "2000"
    assert "2015-03-04 03:00:00" in outcome.stdout


def test_json_lists_what_stands_out(series: Path) -> None:
    told = json.loads(tocsin(str(series), "--json", "--threshold", "0.99").stdout)
    assert told["values"] == 4 * 288
    assert [row["value"] for row in told["anomalies"]] == ["2000"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time,value\n1,2\n", "no column timestamp"),
        ("timestamp,value\n2015-03-01,abc\n", "line 2"),
        ("timestamp,value\n2015-03-01,nan\n", "no number"),
        ("timestamp,value\n2015-03-02,1\n2015-03-01,1\n", "sort it by time"),
    ],
)
def test_says_what_is_wrong_with_a_series(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    outcome = tocsin(str(path))
    assert isinstance(outcome.exception, UsageError)
    assert says in str(outcome.exception)
