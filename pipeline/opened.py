"""Documents of minutes that have not closed: kept until the watermark passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import Struct

from pipeline.evidence import CANDIDATES, cited_under, most_negative
from pipeline.records import Evidence
from pipeline.tally import ROW, Rows

BLOCK_ROWS = 32_768
"""Rows of a sealed block: one record of a changelog, under its limit."""


class OpenHead(Struct):
    """What a snapshot keeps of open minutes and rewrites each time."""

    loose: bytes
    blocks: list[int]
    next: int
    evidence: dict[int, dict[str, list[Evidence]]]


class _Block:
    """Rows that came one after the other; those of closed minutes are no longer wanted."""

    def __init__(self, rows: Rows, closed: int) -> None:
        self.rows = rows
        self.minutes = rows["published"] // 60
        self.left = int(np.count_nonzero(self.minutes > closed))


class OpenMinutes:
    """Rows of open minutes in the order in which they came, in blocks that never change once sealed.

    A snapshot writes a sealed block once, so that its cost follows what is new and not what is open. A block
    of which less than a quarter is still wanted is copied together, so that a few stamps far ahead keep no
    more memory than they need.

    Memory: 240 bytes a document.
    """

    def __init__(self) -> None:
        self._minutes: dict[int, list[Rows]] = {}
        self._loose: list[Rows] = []
        self._loose_rows = 0
        self._blocks: dict[int, _Block] = {}
        self._next = 0
        self._closed = -(1 << 62)
        self.evidence: dict[int, dict[str, list[Evidence]]] = {}
        self.documents = 0
        """Documents that wait for their minute to close."""

    def __len__(self) -> int:
        return len(self._minutes)

    @property
    def last(self) -> int | None:
        """The latest."""
        return max(self._minutes, default=None)

    def first_after(self, minute: int | None) -> int | None:
        """The earliest open minute that has documents, after that one where one is given."""
        return min((each for each in self._minutes if minute is None or each > minute), default=None)

    def beyond(self, most: int) -> int | None:
        """The last minute that has to go so that no more than `most` documents wait, or None."""
        over = self.documents - most
        for minute in sorted(self._minutes) if over > 0 else ():
            over -= sum(map(len, self._minutes[minute]))
            if over <= 0:
                return minute
        return None

    def waiting(self, minutes: Iterable[int]) -> int:
        """Documents of these minutes."""
        return sum(len(rows) for minute in minutes for rows in self._minutes.get(minute, ()))

    def __contains__(self, minute: int) -> bool:
        return minute in self._minutes

    def add(self, rows: Rows) -> None:
        """Take documents."""
        if rows.size:
            self._spread(rows)
            self.documents += rows.size
            self._loose.append(rows)
            self._loose_rows += rows.size
            while self._loose_rows >= BLOCK_ROWS:
                self._seal()

    def cite(self, minute: int, evidence: Evidence) -> None:
        """Take a document that an alert may cite."""
        of_minute = self.evidence.setdefault(minute, {})
        for key in cited_under(evidence):
            known = of_minute.setdefault(key, [])
            known.append(evidence)
            if len(known) >= 4 * CANDIDATES:
                known[:] = most_negative(known, CANDIDATES)

    def close(self, minutes: Iterable[int]) -> tuple[Rows, dict[int, dict[str, list[Evidence]]]]:
        """Give up some minutes, in order and none before them left: their rows and what they may cite."""
        parts: list[Rows] = []
        cited: dict[int, dict[str, list[Evidence]]] = {}
        for minute in minutes:
            parts += self._minutes.pop(minute, [])
            of_minute = self.evidence.pop(minute, {})
            cited[minute] = {key: list(most_negative(each, CANDIDATES)) for key, each in of_minute.items()}
            self._closed = minute
        rows = np.concatenate(parts) if parts else np.empty(0, ROW)
        if rows.size:
            self.documents -= rows.size
            self._clean()
        return rows, cited

    def _spread(self, rows: Rows) -> None:
        minutes = rows["published"] // 60
        if minutes[0] == minutes[-1] and (minutes == minutes[0]).all():
            self._minutes.setdefault(int(minutes[0]), []).append(rows)
            return
        order = np.argsort(minutes, kind="stable")
        ordered, minutes = rows[order], minutes[order]
        cuts = np.flatnonzero(np.diff(minutes)) + 1
        for part, minute in zip(
            np.split(ordered, cuts), minutes[np.concatenate(([0], cuts))].tolist(), strict=True
        ):
            self._minutes.setdefault(minute, []).append(part)

    def _seal(self) -> None:
        everything = np.concatenate(self._loose)
        self._blocks[self._next] = _Block(everything[:BLOCK_ROWS], self._closed)
        self._next += 1
        self._loose = [everything[BLOCK_ROWS:]] if everything.size > BLOCK_ROWS else []
        self._loose_rows = everything.size - BLOCK_ROWS

    def _clean(self) -> None:
        """Let go of rows whose minutes have closed."""
        self._loose = [part for rows in self._loose if (part := self._wanted(rows)).size]
        self._loose_rows = sum(map(len, self._loose))
        for number, block in list(self._blocks.items()):
            block.left = int(np.count_nonzero(block.minutes > self._closed))
            if 4 * block.left < block.rows.size:
                del self._blocks[number]
                if block.left:
                    kept = self._wanted(block.rows)
                    self._loose.append(kept)
                    self._loose_rows += kept.size
        while self._loose_rows >= BLOCK_ROWS:
            self._seal()

    def _wanted(self, rows: Rows) -> Rows:
        return rows[rows["published"] // 60 > self._closed]

    def head(self) -> OpenHead:
        """What a snapshot keeps and rewrites each time."""
        loose = np.concatenate(self._loose) if self._loose else np.empty(0, ROW)
        return OpenHead(loose.tobytes(), list(self._blocks), self._next, self.evidence)

    def sealed(self) -> list[int]:
        """Numbers of the blocks that will not change."""
        return list(self._blocks)

    def block(self, number: int) -> bytes:
        """Rows of a sealed block."""
        return self._blocks[number].rows.tobytes()

    def restore(self, head: OpenHead, sealed: Mapping[int, bytes], closed: int | None) -> None:
        """Become what `head` and its blocks describe, `closed` being the last closed minute."""
        if closed is not None:
            self._closed = closed
        self.evidence, self._next = head.evidence, head.next
        for number in head.blocks:
            rows = np.frombuffer(sealed[number], ROW)
            self._blocks[number] = _Block(rows, self._closed)
            self._take(rows)
        loose = np.frombuffer(head.loose, ROW)
        self._loose, self._loose_rows = ([loose] if loose.size else []), loose.size
        self._take(loose)

    def _take(self, rows: Rows) -> None:
        wanted = self._wanted(rows)
        if wanted.size:
            self._spread(wanted)
            self.documents += wanted.size
