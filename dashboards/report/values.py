"""What a report says, before it is put into words or pictures."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from alerts.events import AlertEvent
from pipeline.store.actions import GivenVerdict
from pipeline.store.journal import JournalEntry

Kind = Literal["incident", "daily", "weekly", "brief"]
Language = Literal["en", "zh"]


class Hour(Struct, frozen=True, kw_only=True):
    """One hour of a key: what was counted, and what was normal for it before."""

    time: datetime
    """Start, UTC."""
    documents: int
    stories: int
    negative_stories: int
    score_sum: float
    """Sum of scores of its documents."""
    normal: Normal | None
    """None where there is no history to say."""


class Normal(Struct, frozen=True, kw_only=True):
    """Means over the same hour of earlier days of the same kind (working days, or weekends)."""

    days: int
    documents: float
    stories: float
    negative_stories: float
    high: float
    """Negative stories that were exceeded in one of ten of those hours."""
    score_sum: float


class Figure(Struct, frozen=True, kw_only=True):
    """One number of the span beside what is normal for its hours."""

    name: Literal["negative_stories", "negative_share", "stories", "documents", "mean_score"]
    seen: float
    normal: float | None


class Topic(Struct, frozen=True, kw_only=True):
    """One topic's share in a span."""

    key: str
    negative_stories: int
    normal: float | None
    """Negative stories that are normal for the span's hours."""
    negative_share: float
    alerts: int


class Told(Struct, frozen=True, kw_only=True):
    """One main story: copies and versions of one thing, with where it was first read."""

    number: int
    """1, 2, … : it is cited as S1, S2, …"""
    title: str
    """Headline as published; hostile."""
    source: str
    url: str
    published_at: datetime
    documents: int
    """Documents that tell it, copies and versions included."""
    versions: int
    """Different headlines among them."""
    sources: int
    score: float
    """The lowest score among them."""
    topic: str
    evidence: bool
    """Whether an alert of the report cites it."""


class Entry(Struct, frozen=True, kw_only=True):
    """One line of what happened in time order; either an alert's event or a story."""

    at: datetime
    event: AlertEvent | None = None
    story: Told | None = None


class Name(Struct, frozen=True, kw_only=True):
    """Somebody whom the stories name."""

    name: str
    symbol: str
    """Ticker, or empty."""
    stories: int
    negative: int


class Names(Struct, frozen=True, kw_only=True):
    """Who was named, and how that was found out."""

    companies: tuple[Name, ...]
    """From the list of companies, or from the documents' own symbols."""
    capitals: tuple[Name, ...]
    """Names that recur in headlines, told by their capital letters and looked up nowhere."""
    gazetteer: bool
    """Whether there was a list of companies."""


class Sentence(Struct, frozen=True, kw_only=True):
    """One sentence of the summary, and what it rests on."""

    text: str
    ids: tuple[str, ...]
    """`S1` is a story, `A1` an alert, `F1` a figure sentence."""


class Report(Struct, frozen=True, kw_only=True):
    """Everything a report says."""

    kind: Kind
    run: str
    key: str
    since: datetime
    until: datetime
    made_at: datetime
    alert: AlertEvent | None
    """Of an incident report: the alert as it stands."""
    alerts: tuple[AlertEvent, ...]
    """Alerts of the span, by start; the incident's own first."""
    hours: tuple[Hour, ...]
    """Hours to draw: those of the span, and of an incident the day around it."""
    figures: tuple[Figure, ...]
    normal_days: tuple[int, int] | None
    """Fewest and most earlier days that the normal of an hour is taken from; None where it is not given."""
    topics: tuple[Topic, ...]
    """Of a report over all: its topics, which divide the stories between them."""
    watchlists: tuple[Topic, ...]
    """The same of its watchlists, which overlap: they never add up."""
    stories: tuple[Told, ...]
    complete: bool
    """Whether every document of the span was looked at for the stories."""
    timeline: tuple[Entry, ...]
    names: Names
    journal: tuple[JournalEntry, ...]
    verdicts: tuple[GivenVerdict, ...]
    models: tuple[str, ...]
    """Classifiers that scored the span's documents."""
    late: int
    """Documents that came after their minute had closed."""
