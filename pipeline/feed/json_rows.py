"""Rows of a JSONL feed: one object a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from pipeline.feed.lines import Line
from pipeline.feed.rows import Row

_decoder = msgspec.json.Decoder(dict[str, Any])


def json_rows(lines: Iterable[Line]) -> Iterator[Row]:
    """Each line's object; blank lines are passed over, a line that holds none comes with its fault."""
    number = 0
    for line in lines:
        data = line.data.removeprefix(b"\xef\xbb\xbf") if line.number == 1 else line.data
        if not line.fault and not data.strip():
            continue
        number += 1
        where = f"line {line.number}"
        if line.fault:
            yield Row(number, where, {}, data, line.fault)
            continue
        try:
            values = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield Row(number, where, {}, data, f"not a JSON object: {error}", "bad_json")
            continue
        yield Row(number, where, values, data)
