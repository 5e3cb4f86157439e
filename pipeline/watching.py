"""Rows that belong to watchlists, told apart by list: a row may belong to none or to several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alerts.keys import watchlist_key
from pipeline.keytable import Ints

MOST = 65_535
"""Combinations of watchlists that one run can have: as many as a row's number of one can tell apart."""


class Combinations:
    """Combinations of watchlists by number, in the order in which they were first heard of; 0 is none."""

    def __init__(self, known: Sequence[tuple[str, ...]] = ()) -> None:
        self.known = list(known)
        self._number = {each: number for number, each in enumerate(self.known, 1)}

    def numbers(self, watched: Sequence[tuple[str, ...]]) -> NDArray[np.uint16]:
        """Number of each of a tally's combinations, after a 0 for none; shape (n + 1,).

        Raises:
            ValueError: the run has had more than `MOST` of them.
        """
        for each in watched:
            if each not in self._number:
                if len(self.known) == MOST:
                    raise ValueError(
                        f"more than {MOST:,} combinations of watchlists have come up in this run: name fewer "
                        "watchlists, and begin anew under another `topics.prefix`"
                    )
                self.known.append(each)
                self._number[each] = len(self.known)
        return np.array([0, *(self._number[each] for each in watched)], np.uint16)

    def keys(self, number: int) -> tuple[str, ...]:
        """Keys of the watchlists of a combination."""
        return tuple(map(watchlist_key, self.known[number - 1])) if number else ()

    def spread(self, watch: NDArray[np.uint16]) -> Memberships:
        """List which rows belong to which watchlists; `watch` is the combination of each row."""
        present = np.unique(watch)
        present = present[present > 0]
        of_each = [self.keys(number) for number in present.tolist()]
        keys = sorted({key for some in of_each for key in some})
        column = {key: at for at, key in enumerate(keys)}
        rows, lists = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for number, some in zip(present.tolist(), of_each, strict=True):
            at = np.flatnonzero(watch == number)
            for each in some:
                rows.append(at)
                lists.append(np.full(at.size, column[each], np.int64))
        row, key = np.concatenate(rows), np.concatenate(lists)
        order = np.lexsort((key, row))
        return Memberships(keys, row[order], key[order])


@dataclass(frozen=True)
class Memberships:
    """Pairs of a row and a watchlist that it belongs to, by row and then by list."""

    keys: list[str]
    """Keys of the watchlists, in alphabetical order."""
    row: Ints
    """Place of the row, shape (n,)."""
    key: Ints
    """Place in `keys` of each pair's watchlist, shape (n,)."""
