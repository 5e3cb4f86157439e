"""Small feeds with something in them: calm days, and a run on a bank."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from pipeline.records import Document
from tests.headlines import distinct

_CALM = ("Stocks rally in {n}", "Oil gains for {n}", "Notes on {n}")


def calm(start: datetime, minutes: int, *, every: int, stem: str) -> list[Document]:
    """One item each `every` minutes; each tenth is bad news about a bank."""
    return [
        _document(
            f"{stem}-{n}",
            start + timedelta(minutes=n * every),
            ("Lender fails a test in {n}" if n % 10 == 9 else _CALM[n % 3]).format(n=_own(stem, n)),
        )
        for n in range(minutes // every)
    ]


def bank_run(start: datetime, stories: int, *, stem: str) -> list[Document]:
    """Distinct bad stories about banks, two a minute."""
    return [
        _document(f"{stem}-{n}", start + timedelta(seconds=30 * n), f"Bank {_own(stem, n)} halts withdrawals")
        for n in range(stories)
    ]


def _own(stem: str, number: int) -> str:
    """Words that make it a story of its own."""
    return distinct(zlib.crc32(f"{stem} {number}".encode()))


def _document(id_: str, published_at: datetime, title: str) -> Document:
    return Document(id=id_, source="Harbor Wire", published_at=published_at, title=title)
