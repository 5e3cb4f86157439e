"""The records on the wire. JSON, one `v` each; docs/topics.md tells them field by field."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from alerts.events import AlertEvent, Evidence, UtcDatetime

__all__ = [
    "AlertEvent",
    "Document",
    "Evidence",
    "Label",
    "LateDocument",
    "Merge",
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
    """What sort of item it is; nothing treats them differently, it is there to filter by."""
    source: str
    """Who published it: a wire, a site, a forum."""
    published_at: UtcDatetime
    """When it was published, RFC 3339 with a zone; this is event time."""
    title: str = ""
    """Headline; title and body together are the text that is classified, at most 100,000 bytes."""
    body: str = ""
    """Plain text; it may be empty where there is a title, and the other way round."""
    url: str = ""
    """Where it can be read; an identifier, never fetched."""
    lang: str = ""
    """BCP 47 tag where the source knows it."""
    author: str = ""
    """Who wrote it, as the source gives it."""
    symbols: tuple[str, ...] = ()
    """Ticker symbols where the source knows them."""


class ScoredDocument(Struct, frozen=True, kw_only=True):
    """A document with its topic and tone: the public contract of `tocsin.scored`."""

    v: int = 1
    """Version of this record's form."""
    run: str
    """`live`, or the name of a replay."""
    id: str
    """Of the document, as are the fields from here to `symbols`."""
    kind: Kind
    """As in Document."""
    source: str
    """As in Document."""
    published_at: UtcDatetime
    """As in Document, in UTC."""
    title: str
    """Hostile input: escape it where it is shown, as `body`, `source` and `author`."""
    body: str
    """Plain text."""
    url: str
    """An identifier; look at it before you follow it."""
    lang: str
    """BCP 47 tag, the source's, else as detected: `und` where that cannot be told."""
    author: str
    """As in Document."""
    symbols: tuple[str, ...]
    """Ticker symbols, or none."""
    topic: str
    """Topic id, one of the taxonomy's."""
    p_topic: float
    """Probability of that topic; this and the next four are multiples of 0.001."""
    tone: Tone
    """The likeliest of the three tones below."""
    p_negative: float
    """Probability that the text is bad news for whom it is about."""
    p_neutral: float
    """Probability that it is neither."""
    p_positive: float
    """Probability that it is good news."""
    score: float
    """p_positive - p_negative."""
    model: str
    """Name and hash of the model that scored it."""
    story: int
    """Story key: equal for copies of one story."""
    watchlists: tuple[str, ...] = ()
    """Names of the watchlists that it belongs to, in alphabetical order."""
    partition: int
    """Where the document stood in `tocsin.documents`; with `offset` the key of this delivery."""
    offset: int
    """Offset in that partition."""


ROW_BYTES = 120
"""Bytes of a document in a tally; `pipeline.tally.ROW` says what they hold."""


class Tally(Struct, frozen=True, kw_only=True):
    """What one classified batch adds up to: a row of fixed width a document, for the aggregate alone."""

    v: int = 2
    """Version of this record's form; 1 had a column of JSON numbers a field and no signatures."""
    run: str
    """`live`, or the name of a replay."""
    partition: int
    """Source partition in `tocsin.documents`."""
    start: int
    """First source offset this tally accounts for."""
    end: int
    """One past the last; offsets in [start, end) without a row were rejected or never held data."""
    clock: int | None = None
    """Wall clock when it was classified, unix seconds; absent in replays, where only event time counts. In an
    empty tally with `start` = `end` it says that the partition was read to its end and stays quiet."""
    final: bool = False
    """The partition ends here (replays): it no longer holds the watermark back."""
    rejected: tuple[int, ...] = ()
    """Offsets in [start, end) of what went to `tocsin.rejected`."""
    topics: tuple[str, ...] = ()
    """Topic ids that the rows' `topic` points into."""
    watched: tuple[tuple[str, ...], ...] = ()
    """Combinations of watchlists that the rows' `watch` points into, counted from 1; 0 is none."""
    sources: tuple[str, ...] = ()
    """Names of the sources in the rows, each once; a row holds the hash of its source's name."""
    rows: bytes = b""
    """The documents in offset order, 120 bytes each, little-endian: offset, event time (unix seconds), 63-bit
    hash of the id, story key, hash of source and author of a comment (else 0), hash of the source (six 64-bit
    integers), 64 bytes of signature, score in thousandths (16 bits), index of the topic (16 bits), tone (8
    bits: 0 negative, 1 neutral, 2 positive), a byte of padding, combination of watchlists (16 bits)."""
    evidence: tuple[Evidence, ...] = ()
    """Documents of this batch that an alert may cite: per minute and key the most negative stories."""
    evidence_offset: tuple[int, ...] = ()
    """Source offset of each of `evidence`."""

    @property
    def documents(self) -> int:
        """How many documents it holds."""
        return len(self.rows) // ROW_BYTES


class Window(Struct, frozen=True, kw_only=True):
    """Rolling sentiment of one key over one window that ends with the minute."""

    documents: int
    """Documents in the window."""
    mean: float
    """Mean score in [-1, 1]; 0 where there are no documents."""
    negative_share: float
    """Negative documents over all documents, in [0, 1]; 0 where there are none."""
    negative_share_se: float
    """Standard error of the share (Agresti-Coull, so that 0 of 3 is not certainty)."""


class SentimentRow(Struct, frozen=True, kw_only=True):
    """One key's minute: sums that add up, and the rolling windows that end here."""

    key: str
    """`overall`, a topic id, or `watch.` and the name of a watchlist."""
    documents: int
    """Documents of this key published in this minute, duplicates left out."""
    stories: int
    """Distinct stories first seen in this minute."""
    negative: int
    """Documents whose tone is negative."""
    neutral: int
    """Documents whose tone is neutral."""
    positive: int
    """Documents whose tone is positive."""
    negative_stories: int
    """Those of `stories` whose tone is negative."""
    late: int
    """Documents that came after the minute had closed; counted above as well."""
    capped: int = 0
    """Negative stories that detection does not count, as their author or source exceeded its cap; they are
    among `negative_stories`."""
    score_sum: int
    """Sum of scores, thousandths."""
    score_sumsq: int
    """Sum of squared scores, millionths."""
    windows: dict[str, Window]
    """`5m`, `1h`, `24h`."""
    evidence: tuple[Evidence, ...] = ()
    """The most negative stories of the minute, most negative first; at most five."""


class RunTotals(Struct, frozen=True, kw_only=True):
    """What a replay counted in all; documents = distinct + duplicates + rejected."""

    distinct: int
    """Documents counted, each id once."""
    duplicates: int
    """Documents whose id had been counted before."""
    rejected: int
    """Documents that went to `tocsin.rejected`."""
    late: int
    """Documents that came after their minute had closed; they are among `distinct`."""


class Merge(Struct, frozen=True, kw_only=True):
    """A story of another wording that joined an earlier one."""

    story: int
    """Story key of the documents that joined."""
    joined: int
    """Story key of the document that told it first: the id of the whole cluster."""


class LateDocument(Struct, frozen=True, kw_only=True):
    """A document that came after its minute had closed."""

    partition: int
    """Where it stood in `tocsin.documents`."""
    offset: int
    """Offset in that partition."""
    published_at: UtcDatetime
    """Its event time, whole seconds."""
    behind: int
    """Seconds by which event time had passed it: from its stamp to the end of the last closed minute."""


class SentimentMinute(Struct, frozen=True, kw_only=True):
    """One closed event minute of `tocsin.sentiment`: a row a key that had documents."""

    v: int = 1
    """Version of this record's form."""
    run: str
    """`live`, or the name of a replay."""
    minute: UtcDatetime
    """Start of the minute."""
    revision: int
    """0 when the minute closed; else how many late documents have amended it, which detection ignores."""
    final: bool = False
    """The replay ends here: a mark without rows, after the last minute."""
    totals: RunTotals | None = None
    """On the final mark: what the whole replay counted."""
    rows: tuple[SentimentRow, ...]
    """Empty where the minute was quiet: quiet minutes are told too."""
    merged: tuple[Merge, ...] = ()
    """Stories of this minute, or of its late documents, that joined an earlier one of another wording."""
    late: tuple[LateDocument, ...] = ()
    """The documents that amended the minute, in a revision above 0."""
    sources: dict[str, int] = {}
    """Documents by the name of their source, as the minute closed; beyond 256 the rest is under ``."""


class Label(Struct, frozen=True, kw_only=True):
    """A person's correction of what the model said of a document, in `tocsin.labels`; complete in itself."""

    v: int = 1
    """Version of this record's form."""
    run: str = "live"
    """Run in which the document was scored."""
    id: str
    """Of the document. Every correction of it is kept; to train on, the latest by `at` counts."""
    title: str = ""
    """Headline as published; title and body together are the text to learn from."""
    body: str = ""
    """Plain text; it may be empty where there is a title, and the other way round."""
    model: str = ""
    """Model that is corrected; empty where a document was labelled that no model had scored."""
    said_tone: Tone | None = None
    """What that model had said."""
    said_topic: str = ""
    """Topic id that the model had given."""
    tone: Tone | None = None
    """The right tone; null where it was not judged. Tone or topic there must be."""
    topic: str = ""
    """The right topic id, one of the model's; empty where it was not judged."""
    by: str
    """Who says so."""
    at: UtcDatetime
    """Wall clock when it was said."""
    note: str = ""
    """Why, for the next person."""


class Rejected(Struct, frozen=True, kw_only=True):
    """Input that could not be read, kept whole in `tocsin.rejected` with the reason."""

    v: int = 1
    """Version of this record's form."""
    run: str
    """`live`, or the name of a replay."""
    reason: Reason
    """What is wrong, one of a fixed list to count by."""
    detail: str
    """What a person needs to mend it."""
    raw: bytes
    """The value as it came, base64 in JSON."""
    topic: str
    """Where it came from: a Kafka topic, or a file."""
    partition: int
    """Partition of that topic; 0 for a file."""
    offset: int
    """Offset in the partition, or row of the file counted from 1."""
    rejected_at: UtcDatetime
    """Wall clock when it was refused."""
