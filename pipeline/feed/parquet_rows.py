"""Rows of a Parquet feed."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UsageError
from pipeline.feed.rows import Row

_BATCH = 4096


class ParquetRows:
    """Iterates over the rows of a Parquet file; only the columns `wanted` are read, all where it is empty."""

    def __init__(self, stream: BinaryIO, *, name: str, seekable: bool) -> None:
        try:
            self._file = pq.ParquetFile(stream if seekable else io.BytesIO(stream.read()))
        except (pa.ArrowException, OSError, EOFError) as error:
            raise UsageError(f"{name} is no readable Parquet file: {error}") from None
        self.columns: tuple[str, ...] = tuple(dict.fromkeys(self._file.schema_arrow.names))
        self.rows: int = self._file.metadata.num_rows
        self.wanted: Sequence[str] = ()

    def __iter__(self) -> Iterator[Row]:
        number = 0
        wanted = list(self.wanted or self.columns)
        batches = self._file.iter_batches(batch_size=_BATCH, columns=wanted)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_values(batch.column(name)) for name in wanted]
            except (pa.ArrowException, OSError, EOFError) as error:
                fault = f"the file is damaged from here, {self.rows - number:,} rows are lost: {error}"
                yield Row(number + 1, f"row {number + 1}", {}, b"", fault)
                return
            for values in zip(*columns, strict=True):
                number += 1
                row = dict(zip(wanted, values, strict=True))
                bad = next((name for name, value in row.items() if value is _UNREADABLE), None)
                if bad is None:
                    yield Row(number, f"row {number}", row, None)
                else:
                    yield Row(
                        number, f"row {number}", {}, b"", f"column {bad!r} cannot be read as its own type"
                    )


_UNREADABLE = object()


def _values(column: Any) -> list[Any]:
    """Python values of a column; where one is broken (text that is not UTF-8) only that one is lost."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return _UNREADABLE
