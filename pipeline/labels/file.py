"""Corrections in a CSV, JSONL or Parquet file, and back into a CSV of the same columns."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from models.taxonomy import load_topics
from models.text import model_input, text_key
from pipeline.errors import UsageError
from pipeline.feed.csv_rows import CsvRows
from pipeline.feed.json_rows import json_rows
from pipeline.feed.lines import read_lines
from pipeline.feed.parquet_rows import ParquetRows
from pipeline.feed.rows import Row
from pipeline.feed.source import Source, open_source
from pipeline.feed.times import parse_time
from pipeline.labels.check import check_label
from pipeline.records import Label, Rejected, ScoredDocument, Tone
from pipeline.validate import Invalid, reject

COLUMNS = tuple(name for name in Label.__struct_fields__ if name != "v")
"""Columns that are written, and read under these names."""

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "doc_id", "document_id"),
    "title": ("title", "headline", "text", "sentence"),
    "tone": ("tone", "sentiment", "label"),
    "topic": ("topic", "category"),
    "by": ("by", "analyst", "annotator"),
    "at": ("at", "labelled_at", "labeled_at"),
    "note": ("note", "comment"),
}

TONE_WORDS: Mapping[str, Tone] = {
    **dict.fromkeys(("negative", "neg", "bearish", "bad"), "negative"),
    **dict.fromkeys(("neutral", "neu"), "neutral"),
    **dict.fromkeys(("positive", "pos", "bullish", "good"), "positive"),
}
"""What a tone may be called in a file, in any case."""

Lookup = Callable[[str], ScoredDocument | None]


@dataclass(frozen=True)
class Read:
    """What a file came to."""

    labels: list[Label] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)


def read_labels(
    path: str,
    *,
    topics: Sequence[str],
    by: str,
    run: str,
    now: datetime,
    future_tolerance: int,
    mapping: Mapping[str, str] | None = None,
    lookup: Lookup = lambda _: None,
) -> Read:
    """Read corrections; a row that is none is rejected with its reason, the others count.

    A row needs a tone or a topic, and a text or the id of a document that `lookup` finds. Without a `by` of
    its own it is `by`'s; without an `at` it was said now, later rows a millisecond later; without an id it
    gets a hash of its text. `mapping` is field → column where names do not tell. Raises `UsageError` for a
    file without rows, or without the columns that are needed.
    """
    with closing(open_source(path)) as source:
        columns, rows = _rows(source)
        reader = _Reader(resolve(columns, mapping or {}, source.name), topics, by, run, lookup)
        found = list(rows)
        read = Read()
        for place, row in enumerate(found):
            said = now - timedelta(milliseconds=len(found) - 1 - place)
            try:
                label = reader.read(row, said)
                label = check_label(label, topics=topics, now=now, future_tolerance=future_tolerance)
            except Invalid as error:
                verdict = Invalid(error.reason, f"{row.where}: {error.detail}")
                read.rejected.append(
                    reject(
                        verdict,
                        row.source_bytes(),
                        run=run,
                        topic=source.name,
                        partition=0,
                        offset=row.number,
                        at=now,
                    )
                )
            else:
                read.labels.append(label)
    if not found:
        raise UsageError(f"{source.name} holds no rows")
    return read


def resolve(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """Field → column of a file of corrections; names compare without case, blanks and dashes.

    Raises `UsageError` when a mapped column is missing, or there is no column of tones or topics, or none of
    texts or ids.
    """
    for ours, theirs in mapping.items():
        if ours not in COLUMNS:
            raise UsageError(f"--map {ours}={theirs}: {ours!r} is no field; there are {', '.join(COLUMNS)}")
        if theirs not in columns:
            raise UsageError(f"--map {ours}={theirs}: {name} has no column {theirs!r}")
    plain = {
        column.strip().lower().replace(" ", "_").replace("-", "_"): column
        for column in reversed(columns)
        if column not in mapping.values()
    }
    found = dict(mapping)
    for ours in COLUMNS:
        for alias in _ALIASES.get(ours, (ours,)):
            if ours not in found and alias in plain:
                found[ours] = plain[alias]
    there_are = f"its columns are {', '.join(map(repr, columns))}"
    if "tone" not in found and "topic" not in found:
        raise UsageError(f"{name} has no column of tones or topics: {there_are}; map one: --map tone=COLUMN")
    if not {"title", "body", "id"} & found.keys():
        raise UsageError(f"{name} has no column of texts: {there_are}; map one: --map title=COLUMN")
    return found


def write_labels(file: Path, labels: Sequence[Label]) -> None:
    """Write corrections as a CSV that `read_labels` reads again."""
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        for label in labels:
            values = (getattr(label, name) for name in COLUMNS)
            writer.writerow(
                value.isoformat() if isinstance(value, datetime) else value or "" for value in values
            )


class _Reader:
    """Reads rows by the columns that `resolve` found."""

    def __init__(
        self, columns: Mapping[str, str], topics: Sequence[str], by: str, run: str, lookup: Lookup
    ) -> None:
        self._columns = columns
        self._by = by
        self._run = run
        self._lookup = lookup
        labels = {topic.label.casefold(): topic.id for topic in load_topics() if topic.id in topics}
        self._topics = labels | {topic.casefold(): topic for topic in topics}

    def read(self, row: Row, now: datetime) -> Label:
        if row.fault:
            raise Invalid(row.reason, row.fault)
        told = {name: self._text(row.values, name) for name in COLUMNS}
        document = None
        if not told["title"].strip() and not told["body"].strip():
            if not told["id"]:
                raise Invalid("no_text", "neither a text nor the id of a document")
            document = self._lookup(told["id"])
            if document is None:
                raise Invalid(
                    "no_text", f"no text, and the store has no document {told['id'][:80]!r} of this run"
                )
            told |= {"title": document.title, "body": document.body, "run": document.run}
            told["model"] = told["model"] or document.model
            told["said_tone"] = told["said_tone"] or document.tone
            told["said_topic"] = told["said_topic"] or document.topic
        return Label(
            run=told["run"] or self._run,
            id=told["id"] or _hash_id(told["title"], told["body"]),
            title=told["title"],
            body=told["body"],
            model=told["model"],
            said_tone=self._tone(told["said_tone"], "said_tone"),
            said_topic=self._topics.get(told["said_topic"].casefold(), told["said_topic"]),
            tone=self._tone(told["tone"], "tone"),
            topic=self._topics.get(told["topic"].casefold(), told["topic"]),
            by=told["by"] or self._by,
            at=self._stamp(row.values) or now,
            note=told["note"],
        )

    def _text(self, values: Mapping[str, Any], name: str) -> str:
        value = values.get(self._columns.get(name, ""))
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return ""
        if isinstance(value, str):
            return value if name in ("title", "body", "note") else value.strip()
        if isinstance(value, float) and value.is_integer():
            return str(int(value))  # whole numbers with gaps come as floats
        if isinstance(value, int | datetime) and not isinstance(value, bool):
            return str(value)
        raise Invalid("wrong_field", f"`{self._columns[name]}` holds {type(value).__name__}, not text")

    def _tone(self, told: str, name: str) -> Tone | None:
        if not told:
            return None
        tone = TONE_WORDS.get(told.casefold())
        if tone is None:
            raise Invalid(
                "wrong_field", f"`{self._columns[name]}` is {told[:40]!r}; negative, neutral or positive"
            )
        return tone

    def _stamp(self, values: Mapping[str, Any]) -> datetime | None:
        column = self._columns.get("at")
        value = None if column is None else values.get(column)
        if value is None or value == "" or value != value:  # NaN and NaT differ from themselves
            return None
        try:
            return parse_time(value)[0]
        except ValueError as error:
            raise Invalid("wrong_field", f"`{column}`: {error}") from None


def _rows(source: Source) -> tuple[tuple[str, ...], Iterator[Row]]:
    if source.format == "csv":
        table = CsvRows(read_lines(source.stream), name=source.name)
        return table.columns, iter(table)
    if source.format == "parquet":
        parquet = ParquetRows(source.stream, name=source.name, seekable=source.seekable)
        return parquet.columns, iter(parquet)
    rows = list(json_rows(read_lines(source.stream)))
    return tuple(dict.fromkeys(key for row in rows for key in row.values)), iter(rows)


def _hash_id(title: str, body: str) -> str:
    """The same text has the same id, so that a later label of it replaces an earlier one."""
    key = text_key(model_input(title, body))
    return "text-" + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
