"""Token ids of many texts in one array: a list a text would keep Python's garbage collector busy."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]


class TokenRows:
    """Rows of token ids, of any lengths.

    >>> rows = TokenRows.of([[5, 6, 7], [], [8]])
    >>> rows.flat.tolist(), rows.lengths.tolist()
    ([5, 6, 7, 8], [3, 0, 1])
    """

    def __init__(self, flat: Ints, lengths: Places) -> None:
        self.flat = flat
        """(tokens,) the rows one after the other."""
        self.lengths = lengths
        """(rows,)"""
        self.ends: Places = np.cumsum(lengths)
        """(rows,) place after each row's last token."""
        self.starts: Places = self.ends - lengths
        """(rows,) place of each row's first token."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[int]]) -> TokenRows:
        """Copy rows, taking hold of one at a time."""
        flat, lengths = array("i"), array("q")
        for row in rows:
            flat.extend(row)
            lengths.append(len(row))
        return cls(np.array(flat, dtype=np.int32), np.array(lengths, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.lengths)

    def equally_long(self, rows: Sequence[int]) -> Places:
        """Some rows of one length as an array, (rows, length)."""
        length = int(self.lengths[rows[0]])
        places = self.starts[list(rows)][:, None] + np.arange(length)
        chosen: Places = self.flat[places].astype(np.int64)
        return chosen


def as_rows(ids: Sequence[Sequence[int]] | TokenRows) -> TokenRows:
    """Rows as they are, or made of sequences."""
    return ids if isinstance(ids, TokenRows) else TokenRows.of(ids)
