"""One row of a feed, before it is a document."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from pipeline.records import Reason


class Row(NamedTuple):
    """A row as it stood in the file; with a `fault` it could not be taken apart and `values` is empty."""

    number: int
    """Row of data, counted from 1; a header is not counted."""
    where: str
    """Where a person finds it: `line 17`, `row 17`."""
    values: dict[str, Any]
    """Column name → value."""
    raw: bytes | None
    """The row as it came; None where the format has no text of its own (Parquet)."""
    fault: str = ""
    reason: Reason = "unreadable_row"

    def source_bytes(self) -> bytes:
        """What is kept of the row when it is rejected: its own bytes, or its values as JSON."""
        if self.raw is not None:
            return self.raw
        return msgspec.json.encode(self.values, enc_hook=repr)
