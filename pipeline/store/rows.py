"""Records to table rows and back: pure functions, the one place that knows both forms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from alerts.events import AlertEvent, Evidence, Parts
from pipeline.records import (
    Label,
    LateDocument,
    Rejected,
    ScoredDocument,
    SentimentMinute,
    SentimentRow,
    Window,
)
from pipeline.store.schema import PARTS, WINDOWS
from pipeline.store.types import clean

Row = dict[str, Any]

_KEY_BYTES = 512
"""PostgreSQL refuses index entries over 2.7 kB, so nothing longer than this becomes a key."""

_BUILT = ("evidence", "parts", "covers", "scales")
"""Fields of an alert that are more than one column, or other than they stand there."""

_LISTS = ("symbols", "watchlists")
"""Fields of a document that are lists."""

_MARKS = ("documents", "mean", "negative_share", "negative_share_se")
_SUMS = (
    "documents",
    "stories",
    "negative",
    "neutral",
    "positive",
    "negative_stories",
    "late",
    "capped",
    "score_sum",
    "score_sumsq",
)


def key_text(text: str) -> str:
    """`text` as part of a primary key: over 512 bytes it is cut, and its SHA-256 keeps it distinct."""
    data = clean(text).encode()
    if len(data) <= _KEY_BYTES:
        return data.decode()
    head = data[: _KEY_BYTES - 72].decode(errors="ignore")
    return f"{head}~sha256:{hashlib.sha256(data).hexdigest()}"


def document_row(document: ScoredDocument) -> Row:
    """A row of `document`."""
    row = _flat(document, ScoredDocument)
    row["id"] = key_text(document.id)
    row["symbols"] = [clean(symbol) for symbol in document.symbols]
    row["watchlists"] = list(document.watchlists)
    return row


def watched_rows(document: ScoredDocument) -> Iterator[Row]:
    """Rows of `watched`, one a watchlist."""
    for watchlist in document.watchlists:
        yield {
            "run": document.run,
            "watchlist": watchlist,
            "id": key_text(document.id),
            "published_at": document.published_at,
            "partition": document.partition,
            "offset": document.offset,
        }


def document_record(row: Mapping[str, Any]) -> ScoredDocument:
    """The document that `document_row` wrote; its moment is cut to milliseconds."""
    fields = {name: row[name] for name in ScoredDocument.__struct_fields__ if name not in ("v", *_LISTS)}
    return ScoredDocument(**fields, symbols=tuple(row["symbols"]), watchlists=tuple(row["watchlists"]))


def sentiment_rows(minute: SentimentMinute) -> Iterator[Row]:
    """Rows of `sentiment`, one a key; ValueError at a window the table has no columns for."""
    for entry in minute.rows:
        unknown = set(entry.windows) - set(WINDOWS)
        if unknown:
            raise ValueError(
                f"sentiment has no columns for the windows {sorted(unknown)}; it knows {WINDOWS}"
            )
        row: Row = {"run": minute.run, "key": entry.key, "minute": minute.minute, "revision": minute.revision}
        row |= {name: getattr(entry, name) for name in _SUMS}
        for name in WINDOWS:
            window = entry.windows.get(name)
            row |= {f"{mark}_{name}": getattr(window, mark) if window else None for mark in _MARKS}
        row["evidence"] = _evidence_rows(entry.evidence)
        yield row


def merge_rows(minute: SentimentMinute) -> Iterator[Row]:
    """Rows of `story_merge`."""
    for merge in minute.merged:
        yield {"run": minute.run, "story": merge.story, "joined": merge.joined, "minute": minute.minute}


def late_rows(minute: SentimentMinute) -> Iterator[Row]:
    """Rows of `late_document`."""
    for late in minute.late:
        yield _flat(late, LateDocument) | {"run": minute.run}


def sentiment_record(row: Mapping[str, Any]) -> SentimentRow:
    """One key's minute as it was written."""
    windows = {
        name: Window(**{mark: row[f"{mark}_{name}"] for mark in _MARKS})
        for name in WINDOWS
        if row[f"documents_{name}"] is not None
    }
    return SentimentRow(
        key=row["key"],
        windows=windows,
        evidence=_evidence_records(row["evidence"]),
        **{name: row[name] for name in _SUMS},
    )


def alert_row(event: AlertEvent) -> Row:
    """A row of `alert`, and but for `recorded_at` of `alert_event`."""
    row = _flat(event, AlertEvent)
    row["evidence"] = _evidence_rows(event.evidence)
    del row["parts"]
    row |= {name: getattr(event.parts, name) for name in PARTS}
    row["covers"] = [clean(key) for key in event.covers]
    row["scales"] = list(event.scales)
    return row


def alert_record(row: Mapping[str, Any]) -> AlertEvent:
    """The event that `alert_row` wrote."""
    fields = {name: row[name] for name in AlertEvent.__struct_fields__ if name not in ("v", *_BUILT)}
    return AlertEvent(
        evidence=_evidence_records(row["evidence"]),
        parts=Parts(**{name: row[name] for name in PARTS}),
        covers=tuple(row["covers"]),
        scales=tuple(row["scales"]),
        **fields,
    )


def rejected_row(record: Rejected) -> Row:
    """A row of `rejected`."""
    row = _flat(record, Rejected)
    row["topic"] = key_text(record.topic)
    return row


def rejected_record(row: Mapping[str, Any]) -> Rejected:
    """The input that `rejected_row` wrote."""
    return Rejected(**row)


def label_row(label: Label) -> Row:
    """A row of `label`."""
    row = _flat(label, Label)
    row["id"], row["by"] = key_text(label.id), key_text(label.by)
    return row


def label_record(row: Mapping[str, Any]) -> Label:
    """The label that `label_row` wrote."""
    return Label(**row)


def _flat(record: msgspec.Struct, kind: type[msgspec.Struct]) -> Row:
    row: Row = {}
    for name in kind.__struct_fields__:
        if name != "v":
            value = getattr(record, name)
            row[name] = clean(value) if isinstance(value, str) else value
    return row


def _evidence_rows(evidence: tuple[Evidence, ...]) -> list[Row]:
    rows = []
    for story in evidence:
        row = _flat(story, Evidence)
        moment: datetime = row["published_at"]
        row["published_at"] = moment.isoformat().replace("+00:00", "Z")
        rows.append(row)
    return rows


def _evidence_records(rows: list[Row]) -> tuple[Evidence, ...]:
    return msgspec.convert(rows, tuple[Evidence, ...])
