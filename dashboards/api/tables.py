"""Rows as CSV and Parquet: portion by portion, and nothing in them that a spreadsheet would obey."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from alerts.events import AlertEvent
from dashboards.query import sentiment_columns
from pipeline.records import ScoredDocument

Row = Mapping[str, Any]

_TIME = pa.timestamp("ms", tz="UTC")
# What spreadsheets take for the beginning of a formula, East Asian wide forms included.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")
_BLOCK = 1 << 16


@dataclass(frozen=True)
class Table:
    """Columns of one kind of row, in order."""

    name: str
    schema: Any
    """Arrow schema: names and types, the same in every answer, empty ones included."""


def _schema(kinds: Sequence[tuple[str, Any]]) -> Any:
    return pa.schema([pa.field(name, kind) for name, kind in kinds])


def _of_sentiment() -> Iterator[tuple[str, Any]]:
    for name in sentiment_columns():
        if name == "time":
            yield name, _TIME
        elif name in ("run", "key"):
            yield name, pa.string()
        else:
            yield name, pa.float64() if name.startswith(("mean", "negative_share")) else pa.int64()


_REALS = ("p_topic", "p_negative", "p_neutral", "p_positive", "score")
_LISTS = ("symbols", "watchlists")
_DOCUMENT = (
    {"published_at": _TIME, "story": pa.int64()}
    | {name: pa.float64() for name in _REALS}
    | {name: pa.list_(pa.string()) for name in _LISTS}
)
_ALERT_TIMES = ("started_at", "detected_at", "resolved_at", "at")
_ALERT_INTEGERS = ("seq", "window_minutes", "observed", "documents", "capped")
_ALERT_TEXTS = ("id", "run", "key", "kind", "severity", "state", "reason", "cause", "changed")
_ALERT_LEFT_OUT = ("v", "evidence", "parts", "covers", "scales")


def _of_alerts() -> Iterator[tuple[str, Any]]:
    kinds = (
        (_ALERT_TIMES, _TIME),
        (_ALERT_INTEGERS, pa.int64()),
        (_ALERT_TEXTS, pa.string()),
        (("provisional",), pa.bool_()),
    )
    for name in AlertEvent.__struct_fields__:
        if name not in _ALERT_LEFT_OUT:
            yield name, next((kind for names, kind in kinds if name in names), pa.float64())
    for name in ("worse_tone", "more_news", "mix"):
        yield name, pa.float64()
    yield "covers", pa.list_(pa.string())
    yield "scales", pa.list_(pa.int64())
    yield "headlines", pa.list_(pa.string())


SENTIMENT = Table("sentiment", _schema(list(_of_sentiment())))
DOCUMENTS = Table(
    "documents",
    _schema(
        [
            (name, _DOCUMENT.get(name, pa.string()))
            for name in ScoredDocument.__struct_fields__
            if name not in ("v", "partition", "offset")
        ]
    ),
)
ALERTS = Table("alerts", _schema(list(_of_alerts())))


def document_rows(documents: Iterable[ScoredDocument]) -> list[Row]:
    """Rows of `DOCUMENTS`."""
    names = DOCUMENTS.schema.names
    return [{name: getattr(document, name) for name in names} for document in documents]


def alert_rows(alerts: Iterable[AlertEvent]) -> list[Row]:
    """Rows of `ALERTS`."""
    built = ("worse_tone", "more_news", "mix", "headlines")
    return [
        {name: getattr(alert, name) for name in ALERTS.schema.names if name not in built}
        | {
            "worse_tone": alert.parts.worse_tone,
            "more_news": alert.parts.more_news,
            "mix": alert.parts.mix,
            "headlines": [story.title for story in alert.evidence],
        }
        for alert in alerts
    ]


def as_csv(table: Table, portions: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """UTF-8 text with a header line; times are RFC 3339, lists are joined by ` | `."""
    names = table.schema.names
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(names)
    for portion in portions:
        writer.writerows([_cell(row[name]) for name in names] for row in portion)
        yield _emptied(buffer)
    yield _emptied(buffer)


def as_parquet(table: Table, portions: Iterable[Sequence[Row]]) -> Iterator[bytes]:
    """One Parquet file, a row group a portion."""
    with TemporaryFile() as file:
        with pq.ParquetWriter(file, table.schema, compression="zstd") as writer:
            for portion in portions:
                columns = [
                    pa.array([row[field.name] for row in portion], type=field.type) for field in table.schema
                ]
                writer.write_table(pa.Table.from_arrays(columns, schema=table.schema))
        file.seek(0)
        while block := file.read(_BLOCK):
            yield block


def harmless(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: such a cell begins with an apostrophe."""
    text = text.replace("\0", "\ufffd")
    return "'" + text if text.lstrip(" \u3000\u00a0").startswith(_FORMULA) else text


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return harmless(" | ".join(str(part) for part in value))
    return "" if value is None else value


def _emptied(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return data
