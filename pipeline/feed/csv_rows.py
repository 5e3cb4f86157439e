"""Rows of a CSV feed, cut so that one row with a broken quote costs that row and no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator

from pipeline.errors import UsageError
from pipeline.feed.lines import LINE_LIMIT, Line
from pipeline.feed.rows import Row

_DELIMITERS = (",", "\t", ";", "|")
_ROW_LINES = 1_000
"""Lines that one quoted row may run over."""


class CsvRows:
    """Iterates over the rows of a CSV text whose first line names the columns.

    A plain CSV parser that meets a quote nobody closes swallows the file up to the next quote. Here a row may
    run over several lines only if it then parses strictly into as many fields as the header has and none of
    the lines inside it is a full row of its own (`is_row`); otherwise its first line alone is a broken row
    and reading goes on with the second.
    """

    def __init__(self, lines: Iterator[Line], *, name: str) -> None:
        csv.field_size_limit(2 * LINE_LIMIT)
        self._lines = lines
        self._waiting: deque[Line] = deque()
        self.columns, self._delimiter = self._header(name)
        self.is_row: Callable[[dict[str, str]], bool] = lambda _: False
        """Tells whether values are beyond doubt a row of this feed; set once the columns are understood."""

    def __iter__(self) -> Iterator[Row]:
        number = 0
        while (line := self._next()) is not None:
            if not line.fault and not line.data.strip():
                continue
            number += 1
            yield self._row(number, line)

    def _header(self, name: str) -> tuple[tuple[str, ...], str]:
        while (line := self._next()) is not None:
            if line.fault:
                raise UsageError(f"{name}, line {line.number}: {line.fault}")
            if line.data.strip():
                break
        else:
            raise UsageError(f"{name} is empty")
        try:
            text = line.data.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise UsageError(
                f"{name}: the header is not UTF-8 ({error.reason} at byte {error.start})"
            ) from None
        best = max(_DELIMITERS, key=lambda delimiter: text.count(delimiter))
        try:
            names = _parse(text, best)
        except csv.Error as error:
            raise UsageError(f"{name}: the header is no CSV ({error})") from None
        return _distinct([column.strip() for column in names]), best

    def _next(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def _row(self, number: int, line: Line) -> Row:
        where = f"line {line.number}"
        if line.fault:
            return Row(number, where, {}, line.data, line.fault)
        text = _text(line.data)
        if '"' not in text:
            fields = text.split(self._delimiter)
            raw = line.data
        else:
            try:
                fields, raw = self._quoted(line, text)
            except csv.Error as error:
                return Row(number, where, {}, line.data, f"broken quoting: {error}")
        if len(fields) != len(self.columns):
            fault = f"{len(fields)} fields where the header has {len(self.columns)}"
            return Row(number, where, {}, raw, fault)
        if not raw.isascii() and (fault := _not_utf8(raw)):
            return Row(number, where, {}, raw, fault)
        return Row(number, where, dict(zip(self.columns, fields, strict=True)), raw)

    def _quoted(self, first: Line, text: str) -> tuple[list[str], bytes]:
        try:
            return _parse(text, self._delimiter), first.data
        except csv.Error as error:
            if not _is_open(error):
                raise
        taken: list[Line] = []
        fields = self._continue(first, taken)
        if fields is None:
            self._waiting.extendleft(reversed(taken))
            raise csv.Error("a quote is opened and not closed")
        return fields, first.data + b"".join(line.data for line in taken)

    def _continue(self, first: Line, taken: list[Line]) -> list[str] | None:
        """Take lines until the open quote closes; None when what comes of it is no row of this file."""
        whole = _decode(first.data)
        while len(taken) < _ROW_LINES and len(whole) < LINE_LIMIT:
            line = self._next()
            if line is None:
                return None
            taken.append(line)
            if line.fault or self._stands_alone(line):
                return None
            whole += _decode(line.data)
            if b'"' not in line.data:
                continue
            try:
                fields = _parse(whole.rstrip("\r\n"), self._delimiter)
            except csv.Error as error:
                if _is_open(error):
                    continue
                return None
            return fields if len(fields) == len(self.columns) else None
        return None

    def _stands_alone(self, line: Line) -> bool:
        if line.data.count(b'"') % 2:
            return False  # it may close the quote
        try:
            fields = _parse(_text(line.data), self._delimiter)
        except csv.Error:
            return False
        return len(fields) == len(self.columns) and self.is_row(dict(zip(self.columns, fields, strict=True)))


def _parse(text: str, delimiter: str) -> list[str]:
    return next(csv.reader([text], delimiter=delimiter, strict=True), [])


def _is_open(error: csv.Error) -> bool:
    return "unexpected end of data" in str(error)


def _decode(data: bytes) -> str:
    """Text with bytes that are no UTF-8 kept as surrogates: the row is cut first and judged then."""
    return data.decode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return _decode(data).rstrip("\r\n")


def _not_utf8(raw: bytes) -> str:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8: byte 0x{raw[error.start]:02x} at {error.start}"
    return ""


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Column names with `.2`, `.3` behind those that repeat, so that the first keeps its name."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return tuple(distinct)
