"""`tocsin detect`: anomalies in a plain series of values, scored as others' benchmarks want them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from pipeline.cli.options import JsonOption

if TYPE_CHECKING:
    from alerts import ValueDetector

_MOST_SHOWN = 20


def detect(
    series: Annotated[
        Path,
        typer.Argument(metavar="SERIES.csv", help="Columns `timestamp` and `value`, in time order; or .gz."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the series with a column anomaly_score; - prints."),
    ] = None,
    threshold: Annotated[
        float, typer.Option("--threshold", min=0.0, max=1.0, help="Score from which a value is listed.")
    ] = 0.95,
    direction: Annotated[
        str, typer.Option("--direction", metavar="up|down|both", help="Which way an anomaly goes.")
    ] = "up",
    as_json: JsonOption = False,
) -> None:
    """Score each value of a series by how improbable it is, given those before it.

    The score is the chance that an ordinary peak of this series is lower, from 0 to 1; it is 0 for the two
    days in which the detector learns. Timestamps are RFC 3339 or `2015-02-26 21:42:53`, UTC where no zone is
    given, or unix seconds. The same parameters serve every series.
    """
    import csv
    import sys

    from alerts import ValueDetector
    from pipeline.errors import UsageError

    if direction not in ("up", "down", "both"):
        raise UsageError(f"--direction {direction}: up, down or both")
    detector = ValueDetector(direction=cast("Literal['up', 'down', 'both']", direction))
    rows = list(_score(detector, _read(series), series))
    if out is not None:
        with sys.stdout if str(out) == "-" else out.open("w", encoding="utf-8", newline="") as lines:
            writer = csv.writer(lines, lineterminator="\n")
            writer.writerow(("timestamp", "value", "anomaly_score"))
            writer.writerows((stamp, value, f"{score:.6f}") for stamp, value, score in rows)
        if str(out) == "-":
            return
    _report([row for row in rows if row[2] >= threshold], len(rows), threshold, as_json)


def _read(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, timestamp and value of each row; UsageError where the file or a column is missing."""
    import csv
    import gzip

    from pipeline.errors import UsageError

    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig", newline="") as lines
        ):
            reader = csv.DictReader(lines)
            missing = {"timestamp", "value"} - set(reader.fieldnames or ())
            if missing:
                raise UsageError(
                    f"{path} has no column {' and no '.join(sorted(missing))}; its first line must name "
                    "timestamp and value"
                )
            for row in reader:
                yield reader.line_num, row["timestamp"] or "", row["value"] or ""
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error


def _score(
    detector: ValueDetector, rows: Iterator[tuple[int, str, str]], path: Path
) -> Iterator[tuple[str, str, float]]:
    import math

    from pipeline.errors import UsageError
    from pipeline.feed import parse_time

    last = -math.inf
    for line, stamp, text in rows:
        try:
            when, value = parse_time(stamp)[0].timestamp(), float(text)
        except ValueError as error:
            raise UsageError(f"{path}, line {line}: {error}") from error
        if not math.isfinite(value):
            raise UsageError(f"{path}, line {line}: {text} is no number to score")
        if when < last:
            raise UsageError(f"{path}, line {line}: {stamp} is earlier than the line before; sort it by time")
        last = when
        yield stamp, text, detector.score_one(value, when)
        detector.learn_one(value, when)


def _report(found: list[tuple[str, str, float]], count: int, threshold: float, as_json: bool) -> None:
    if as_json:
        import json

        listed = [{"timestamp": at, "value": value, "anomaly_score": score} for at, value, score in found]
        print(json.dumps({"values": count, "threshold": threshold, "anomalies": listed}))
        return
    print(f"{count:,} values, {len(found)} with a score of {threshold:g} or more")
    for stamp, value, score in sorted(found, key=lambda row: -row[2])[:_MOST_SHOWN]:
        print(f"  {stamp}  {value:>12}  {score:.4f}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(detect)
