"""Lines of a byte stream, none longer than memory should bear, and why a stream breaks off where it does."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

LINE_LIMIT = 1_000_000
"""Bytes of the longest line that is read; a text may have 100,000."""
_KEPT = 65_536


class Line(NamedTuple):
    """One line with its break, or the reason why there is none."""

    number: int
    """Counted from 1."""
    data: bytes
    fault: str = ""


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """Every line in order; an overlong one is cut and carries a fault, as does the end of a damaged file."""
    number = 0
    while True:
        number += 1
        try:
            data = stream.readline(LINE_LIMIT + 1)
            if not data:
                return
            fault = ""
            if len(data) > LINE_LIMIT:
                fault = f"longer than {LINE_LIMIT:,} bytes; the first {_KEPT:,} are kept"
                rest = data
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(LINE_LIMIT + 1)
                data = data[:_KEPT]
        except (OSError, EOFError, zlib.error) as error:
            yield Line(number, b"", f"the file breaks off here, what followed is lost: {error}")
            return
        yield Line(number, data, fault)
