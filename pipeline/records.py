"""The records on the wire. JSON, one `v` each; docs/topics.md tells them field by field."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from alerts.events import AlertEvent, Evidence, UtcDatetime

__all__ = [
    "AlertEvent",
    "Document",
    "Evidence",
    "Rejected",
    "RunTotals",
    "ScoredDocument",
    "SentimentMinute",
    "SentimentRow",
    "Tally",
    "Window",
]

Kind = Literal["news", "comment", "report"]
Tone = Literal["negative", "neutral", "positive"]
Reason = Literal[
    "bad_json",
    "missing_field",
    "wrong_field",
    "no_text",
    "too_long",
    "future_stamp",
    "ancient_stamp",
    "unreadable_row",
    "unclassifiable",
]


class Document(Struct, frozen=True, kw_only=True):
    """One news item, comment or report as a source publishes it to `tocsin.documents`."""

    v: int = 1
    """Version of this record's form."""
    id: str
    """The source's own id; a second document with the same id is a duplicate."""
    kind: Kind = "news"
    source: str
    """Who published it: a wire, a site, a forum."""
    published_at: UtcDatetime
    """When it was published, RFC 3339 with a zone; this is event time."""
    title: str = ""
    body: str = ""
    url: str = ""
    lang: str = ""
    """BCP 47 tag where the source knows it."""
    author: str = ""
    symbols: tuple[str, ...] = ()
    """Ticker symbols where the source knows them."""


class ScoredDocument(Struct, frozen=True, kw_only=True):
    """A document with its topic and tone: the public contract of `tocsin.scored`."""

    v: int = 1
    run: str
    """`live`, or the name of a replay."""
    id: str
    kind: Kind
    source: str
    published_at: UtcDatetime
    title: str
    body: str
    url: str
    lang: str
    author: str
    symbols: tuple[str, ...]
    topic: str
    """Topic id, one of the taxonomy's."""
    p_topic: float
    """Probability of that topic; this and the next four are multiples of 0.001."""
    tone: Tone
    p_negative: float
    p_neutral: float
    p_positive: float
    score: float
    """p_positive - p_negative."""
    model: str
    """Name and hash of the model that scored it."""
    story: int
    """Story key: equal for copies of one story."""
    partition: int
    """Where the document stood in `tocsin.documents`; with `offset` the key of this delivery."""
    offset: int


class Tally(Struct, frozen=True, kw_only=True):
    """What one classified batch adds up to: columns, a row a document, for the aggregate alone.

    The columns `offset` to `score` have equal lengths and are in offset order.
    """

    v: int = 1
    run: str
    partition: int
    """Source partition in `tocsin.documents`."""
    start: int
    """First source offset this tally accounts for."""
    end: int
    """One past the last; offsets in [start, end) without a row were rejected or never held data."""
    clock: int | None = None
    """Wall clock when it was classified, unix seconds; absent in replays, where only event time counts."""
    final: bool = False
    """The partition ends here (replays): it no longer holds the watermark back."""
    rejected: tuple[int, ...] = ()
    """Offsets in [start, end) of what went to `tocsin.rejected`."""
    topics: tuple[str, ...] = ()
    """Topic ids that `topic` points into."""
    offset: tuple[int, ...] = ()
    published: tuple[int, ...] = ()
    """Event time, unix seconds."""
    id: tuple[int, ...] = ()
    """63-bit hash of the document id."""
    story: tuple[int, ...] = ()
    """63-bit story key."""
    topic: tuple[int, ...] = ()
    tone: tuple[int, ...] = ()
    """0 negative, 1 neutral, 2 positive."""
    score: tuple[int, ...] = ()
    """p_positive - p_negative in thousandths."""
    evidence: tuple[Evidence, ...] = ()
    """Documents of this batch that an alert may cite: per minute and topic the five most negative stories."""
    evidence_offset: tuple[int, ...] = ()
    """Source offset of each of `evidence`."""


class Window(Struct, frozen=True, kw_only=True):
    """Rolling sentiment of one key over one window that ends with the minute."""

    documents: int
    mean: float
    """Mean score in [-1, 1]; 0 where there are no documents."""
    negative_share: float
    negative_share_se: float
    """Standard error of the share (Agresti-Coull, so that 0 of 3 is not certainty)."""


class SentimentRow(Struct, frozen=True, kw_only=True):
    """One key's minute: sums that add up, and the rolling windows that end here."""

    key: str
    """`overall` or a topic id."""
    documents: int
    stories: int
    """Distinct stories first seen in this minute."""
    negative: int
    neutral: int
    positive: int
    negative_stories: int
    late: int
    """Documents that came after the minute had closed; counted above as well."""
    score_sum: int
    """Sum of scores, thousandths."""
    score_sumsq: int
    """Sum of squared scores, millionths."""
    windows: dict[str, Window]
    """`5m`, `1h`, `24h`."""
    evidence: tuple[Evidence, ...] = ()


class RunTotals(Struct, frozen=True, kw_only=True):
    """What a replay counted in all; documents = distinct + duplicates + rejected."""

    distinct: int
    """Documents counted, each id once."""
    duplicates: int
    rejected: int
    late: int
    """Documents that came after their minute had closed; they are among `distinct`."""


class SentimentMinute(Struct, frozen=True, kw_only=True):
    """One closed event minute of `tocsin.sentiment`: a row a key that had documents."""

    v: int = 1
    run: str
    minute: UtcDatetime
    """Start of the minute."""
    revision: int
    """0 when the minute closed; 1, 2, … when late documents amended it, which detection ignores."""
    final: bool = False
    """The replay ends here: a mark without rows, after the last minute."""
    totals: RunTotals | None = None
    """On the final mark: what the whole replay counted."""
    rows: tuple[SentimentRow, ...]


class Rejected(Struct, frozen=True, kw_only=True):
    """Input that could not be read, kept whole in `tocsin.rejected` with the reason."""

    v: int = 1
    run: str
    reason: Reason
    detail: str
    """What a person needs to mend it."""
    raw: bytes
    """The value as it came, base64 in JSON."""
    topic: str
    """Where it came from: a Kafka topic, or a file."""
    partition: int
    offset: int
    """Offset in the partition, or row of the file counted from 1."""
    rejected_at: UtcDatetime
