"""What verifying a run comes to: findings, the first minute that differs, and how far was looked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from msgspec import Struct

from pipeline.records import ScoredDocument

Kind = Literal["missing", "different", "unexpected"]
_TITLE = 120
SHOWN = 20
"""Findings that a report holds; the rest is only counted."""


class Cited(Struct, frozen=True, kw_only=True):
    """A document that a finding names."""

    role: str
    """Its part in the finding: `lost`, `left out`, `counted twice`, `changed`, `of this minute`."""
    partition: int
    """Where it stands in `documents`; with `offset` its origin."""
    offset: int
    id: str = ""
    """Empty where the document itself could not be read."""
    published_at: datetime | None = None
    title: str = ""
    """Hostile input, cut to 120 characters."""
    topic: str = ""
    tone: str = ""
    score: float = 0.0


class Finding(Struct, frozen=True, kw_only=True):
    """One difference between what follows from the documents and what is kept."""

    place: str
    """What was looked at: `topic tocsin.sentiment`, `store, table document`."""
    kind: Kind
    """`missing`: it should be there; `unexpected`: nothing leads to it; `different`: another value."""
    minute: datetime | None
    """Event minute that it belongs to; null where that cannot be told."""
    key: str = ""
    """`overall`, a topic id, or `watch.` and the name of a watchlist, where it is about one."""
    expected: dict[str, Any] = {}
    """Only the fields that differ."""
    found: dict[str, Any] = {}
    documents: tuple[Cited, ...] = ()
    says: str
    """The finding in a sentence."""


class Checked(Struct, kw_only=True):
    """How much was recomputed."""

    documents: int = 0
    """Deliveries that the run accounts for: tally rows of distinct offsets, or documents of the store."""
    rejected: int = 0
    duplicates: int = 0
    late: int = 0
    minutes: int = 0
    """Minutes with documents; amended ones count once."""
    amendments: int = 0
    alert_events: int = 0


class Report(Struct, kw_only=True):
    """The verdict on one run."""

    v: int = 1
    run: str
    source: Literal["topics", "store"]
    """What was recomputed from."""
    compared: tuple[str, ...]
    """What was held against it."""
    same: bool
    """No difference was found."""
    through: datetime | None
    """Last event minute that was compared; what is younger was not closed yet."""
    complete: bool
    """The run has ended, and its end was compared too."""
    checked: Checked
    differences: int
    """All of them; `findings` holds the first."""
    minutes_that_differ: int
    first: Finding | None
    """The finding with the earliest minute."""
    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]
    """What this verdict does not cover, a sentence each."""


def in_order(findings: list[Finding]) -> list[Finding]:
    """Put findings into the order of their minutes; those without one come last."""
    return sorted(findings, key=lambda each: (each.minute is None, each.minute or _EPOCH))


def cited(document: ScoredDocument, role: str) -> Cited:
    """Name a scored document in a finding."""
    return Cited(
        role=role,
        partition=document.partition,
        offset=document.offset,
        id=document.id,
        published_at=document.published_at,
        title=(document.title or document.body)[:_TITLE],
        topic=document.topic,
        tone=document.tone,
        score=document.score,
    )


def stamp(minute: int) -> datetime:
    """Start of an event minute that is counted since 1970."""
    return datetime.fromtimestamp(minute * 60, UTC)


_EPOCH = datetime.fromtimestamp(0, UTC)
