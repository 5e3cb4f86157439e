"""A feed from file to documents: the one way in for `classify`, `replay` and `publish`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain, islice
from types import TracebackType
from typing import Self

from pipeline.errors import UsageError
from pipeline.feed.columns import resolve
from pipeline.feed.csv_rows import CsvRows
from pipeline.feed.documents import DocumentReader
from pipeline.feed.json_rows import json_rows
from pipeline.feed.lines import read_lines
from pipeline.feed.parquet_rows import ParquetRows
from pipeline.feed.rows import Row
from pipeline.feed.source import Format, Source, open_source
from pipeline.records import Document, Rejected
from pipeline.validate import Invalid, reject

_JSON_SAMPLE = 1_000
"""Rows of a JSONL feed that are looked at to learn its keys."""


class Feed:
    """An open feed: iterate once for a `Document` or a `Rejected` a row, in the order of the file.

    `Rejected.topic` is the file's name, `Rejected.offset` the row counted from 1, `Rejected.detail` begins
    with the line. A feed in which there is not one row is a `UsageError`.
    """

    def __init__(
        self, source: Source, rows: Iterator[Row], reader: DocumentReader, *, run: str, now: datetime
    ) -> None:
        self.name = source.name
        self.format: Format = source.format
        self.rows_read = 0
        self._source = source
        self._rows = rows
        self._reader = reader
        self._run = run
        self._now = now

    def __iter__(self) -> Iterator[Document | Rejected]:
        for row in self._rows:
            self.rows_read += 1
            try:
                yield self._reader.read(row)
            except Invalid as error:
                yield reject(
                    Invalid(error.reason, f"{row.where}: {error.detail}"),
                    row.source_bytes(),
                    run=self._run,
                    topic=self.name,
                    partition=0,
                    offset=row.number,
                    at=self._now,
                )
        if not self.rows_read:
            raise UsageError(f"{self.name} holds no rows")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def progress(self) -> tuple[int, int | None]:
        """Bytes of the file read so far, and its size where that is known."""
        return self._source.position(), self._source.size

    def notices(self) -> list[str]:
        """What the person should know of how the feed was read, once it has been."""
        if not self._reader.without_zone:
            return []
        return [f"{self._reader.without_zone:,} stamps of {self.name} have no zone and were read as UTC"]


def open_feed(
    path: str,
    *,
    now: datetime,
    mapping: Mapping[str, str] | None = None,
    format: str = "auto",
    stamped: bool = True,
    run: str = "live",
    future_tolerance: int = 300,
) -> Feed:
    """Open a CSV, JSONL or Parquet feed, each also packed with gzip; `-` is standard input.

    `mapping` is field → column where the names do not tell. With `stamped` a time column is needed, and
    stamps more than `future_tolerance` seconds after `now` are rejected; without, time is not looked at.
    Raises `UsageError` for a feed that is missing, empty, binary, or lacks a column.
    """
    source = open_source(path, format)
    try:
        return _feed(source, mapping or {}, stamped, run, now, future_tolerance)
    except BaseException:
        source.close()
        raise


def _feed(
    source: Source, mapping: Mapping[str, str], stamped: bool, run: str, now: datetime, future_tolerance: int
) -> Feed:
    def reader(columns: tuple[str, ...]) -> DocumentReader:
        found = resolve(columns, mapping, feed=source.name, need_time=stamped)
        return DocumentReader(
            found, feed=source.name, stamped=stamped, now=now, future_tolerance=future_tolerance
        )

    rows: Iterator[Row]
    if source.format == "csv":
        table = CsvRows(read_lines(source.stream), name=source.name)
        documents = reader(table.columns)
        table.is_row = documents.has_stamp
        rows = iter(table)
    elif source.format == "parquet":
        parquet = ParquetRows(source.stream, name=source.name, seekable=source.seekable)
        documents = reader(parquet.columns)
        parquet.wanted = [column for column in parquet.columns if column in documents.columns_used]
        rows = iter(parquet)
    else:
        objects = json_rows(read_lines(source.stream))
        sample = list(islice(objects, _JSON_SAMPLE))
        documents = reader(_json_columns(sample, source.name))
        rows = chain(sample, objects)
    return Feed(source, rows, documents, run=run, now=now)


def _json_columns(sample: list[Row], name: str) -> tuple[str, ...]:
    columns = tuple(dict.fromkeys(key for row in sample for key in row.values))
    if sample and not columns:
        if (sample[0].raw or b"").lstrip().startswith(b"["):
            raise UsageError(f"{name} is one JSON array; a feed has one object a line: jq -c '.[]' turns it")
        raise UsageError(f"{name} is not JSONL: {sample[0].where}: {sample[0].fault or 'an empty object'}")
    if not sample:
        raise UsageError(f"{name} holds no rows")
    return columns
