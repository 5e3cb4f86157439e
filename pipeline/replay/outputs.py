"""The files of a replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from alerts.events import AlertEvent
from pipeline.atomic import whole_file
from pipeline.errors import UsageError
from pipeline.records import SentimentMinute, SentimentRow
from pipeline.replay.digest import last_revisions
from pipeline.replay.result import ReplayResult, Summary, latest_alerts, summarise
from pipeline.rolling import WINDOWS

# What a reader looks for first; the other fields of an alert follow in their own order.
_FIRST = (
    *("id", "run", "key", "kind", "severity", "state", "started_at", "detected_at", "resolved_at"),
    *("observed", "expected", "surprise", "evidence"),
)
_ALERT_FIELDS = (*_FIRST, *(name for name in AlertEvent.__struct_fields__ if name not in _FIRST))
_SUMS = tuple(name for name in SentimentRow.__struct_fields__ if name not in ("key", "windows", "evidence"))
_RATES = ("mean", "negative_share", "negative_share_se")
_ROWS_AT_ONCE = 100_000


def make_folder(folder: Path) -> None:
    """Make the folder that results go to, before any work is done; raises `UsageError` if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / "summary.json.try") as trial:
            trial.write_bytes(b"")
        (folder / "summary.json.try").unlink()
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from None


def write_outputs(folder: Path, result: ReplayResult) -> Summary:
    """Write `alerts.jsonl`, `sentiment.parquet`, `rejected.jsonl` (where there is any) and `summary.json`.

    Each file appears whole; the summary comes last, so that where it stands the others are complete.
    """
    make_folder(folder)
    (folder / "summary.json").unlink(missing_ok=True)
    _write_lines(folder / "alerts.jsonl", [_ordered(alert) for alert in latest_alerts(result.events)])
    with whole_file(folder / "sentiment.parquet") as path:
        _write_sentiment(path, last_revisions(result.minutes))
    if result.rejected:
        _write_lines(folder / "rejected.jsonl", result.rejected)
    else:
        (folder / "rejected.jsonl").unlink(missing_ok=True)
    summary = summarise(result)
    with whole_file(folder / "summary.json") as path:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    return summary


def _ordered(alert: AlertEvent) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in _ALERT_FIELDS}


def _write_lines(path: Path, records: Iterable[object]) -> None:
    with whole_file(path) as partial, partial.open("wb") as file:
        file.writelines(msgspec.json.encode(record) + b"\n" for record in records)


def _schema() -> Any:
    windowed = [
        field
        for name in WINDOWS
        for field in (
            pa.field(f"documents_{name}", pa.int64()),
            *(pa.field(f"{rate}_{name}", pa.float64()) for rate in _RATES),
        )
    ]
    return pa.schema(
        [
            pa.field("run", pa.string()),
            pa.field("minute", pa.timestamp("ms", tz="UTC")),
            pa.field("key", pa.string()),
            *(pa.field(name, pa.int64()) for name in _SUMS),
            *windowed,
        ]
    )


def _write_sentiment(path: Path, minutes: Sequence[SentimentMinute]) -> None:
    """Write a row a minute and key that had documents: sums, then the windows that end with the minute."""
    schema = _schema()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows: list[tuple[Any, ...]] = []
        for minute in minutes:
            rows.extend(_flat(minute, row) for row in minute.rows)
            if len(rows) >= _ROWS_AT_ONCE:
                _write_rows(writer, schema, rows)
                rows = []
        _write_rows(writer, schema, rows)


def _flat(minute: SentimentMinute, row: SentimentRow) -> tuple[Any, ...]:
    windows = [
        value
        for name in WINDOWS
        for value in (
            row.windows[name].documents,
            *(getattr(row.windows[name], rate) for rate in _RATES),
        )
    ]
    return (minute.run, minute.minute, row.key, *(getattr(row, name) for name in _SUMS), *windows)


def _write_rows(writer: Any, schema: Any, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
