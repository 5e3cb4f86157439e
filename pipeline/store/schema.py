"""The tables, once for both databases; docs/store.md tells them column by column."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from pipeline.store.types import Big, Json, Real, UtcTime

WINDOWS = ("5m", "1h", "24h")
"""Rolling windows that `sentiment` has columns for."""

metadata = MetaData()

RUN = 63
"""Longest name of a run."""

document = Table(
    "document",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("lang", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("symbols", Json, nullable=False),
    Column("topic", Text, nullable=False),
    Column("p_topic", Real, nullable=False),
    Column("tone", Text, nullable=False),
    Column("p_negative", Real, nullable=False),
    Column("p_neutral", Real, nullable=False),
    Column("p_positive", Real, nullable=False),
    Column("score", Real, nullable=False),
    Column("model", Text, nullable=False),
    Column("story", Big, nullable=False),
    Column("watchlists", Json, nullable=False, server_default="[]"),
    Column("partition", Integer, nullable=False),
    Column("offset", Big, nullable=False),
    Column("known_at", UtcTime, nullable=False),
    Index("document_by_time", "run", "published_at"),
    Index("document_by_topic", "run", "topic", "published_at"),
)


watched = Table(
    "watched",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("watchlist", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("published_at", UtcTime, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", Big, nullable=False),
    Index("watched_by_time", "run", "watchlist", "published_at", "id"),
)
"""Documents by the watchlists that they belong to. Of several documents with one id only one is kept: join by
`partition` and `offset`, too, so that what another belonged to does not count."""


def _sentiment_columns() -> tuple[Column[Any], ...]:
    """What a key's minute says, and when it became known; both tables of minutes hold the same."""
    return (
        Column("documents", Integer, nullable=False),
        Column("stories", Integer, nullable=False),
        Column("negative", Integer, nullable=False),
        Column("neutral", Integer, nullable=False),
        Column("positive", Integer, nullable=False),
        Column("negative_stories", Integer, nullable=False),
        Column("late", Integer, nullable=False),
        Column("capped", Integer, nullable=False),
        Column("score_sum", Big, nullable=False),
        Column("score_sumsq", Big, nullable=False),
        *(
            column
            for window in WINDOWS
            for column in (
                Column(f"documents_{window}", Integer),
                Column(f"mean_{window}", Real),
                Column(f"negative_share_{window}", Real),
                Column(f"negative_share_se_{window}", Real),
            )
        ),
        Column("evidence", Json, nullable=False),
        Column("known_at", UtcTime, nullable=False),
    )


sentiment = Table(
    "sentiment",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("minute", UtcTime, primary_key=True),
    Column("revision", Integer, nullable=False),
    *_sentiment_columns(),
    Index("sentiment_by_time", "run", "minute"),
)

sentiment_revision = Table(
    "sentiment_revision",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("minute", UtcTime, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    *_sentiment_columns(),
    Column("superseded_at", UtcTime, nullable=False),
    Index("sentiment_revision_by_time", "run", "minute"),
    Index("sentiment_revision_by_end", "run", "superseded_at"),
)
"""Minutes as they stood before an amendment: each was the truth in [known_at, superseded_at)."""


story_merge = Table(
    "story_merge",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("story", Big, primary_key=True, autoincrement=False),
    Column("joined", Big, nullable=False),
    Column("minute", UtcTime, nullable=False),
    Index("story_merge_by_cluster", "run", "joined"),
)
"""Story keys whose documents are wordings of another story, that of key `joined`."""

late_document = Table(
    "late_document",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Big, primary_key=True, autoincrement=False),
    Column("published_at", UtcTime, nullable=False),
    Column("behind", Integer, nullable=False),
    Index("late_document_by_time", "run", "published_at"),
)
"""Documents that came after their minute had closed, by their place in the topic."""


PARTS = ("worse_tone", "more_news", "mix")
"""Columns of an alert that hold its `parts`."""
ALERT_REALS = ("expected_low", "expected_high", *PARTS, "budget_per_week")


def _alert_columns() -> tuple[Column[Any], ...]:
    """What an alert event says; `alert` and `alert_event` hold the same."""
    return (
        Column("run", String(RUN), nullable=False),
        Column("key", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("severity", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("started_at", UtcTime, nullable=False),
        Column("detected_at", UtcTime, nullable=False),
        Column("resolved_at", UtcTime),
        Column("window_minutes", Integer, nullable=False),
        Column("observed", Integer, nullable=False),
        Column("expected", Real, nullable=False),
        Column("observed_share", Real, nullable=False),
        Column("expected_share", Real, nullable=False),
        Column("surprise", Real, nullable=False),
        Column("threshold", Real, nullable=False),
        Column("evidence", Json, nullable=False),
        Column("cause", Text, nullable=False),
        *(Column(name, Real, nullable=False, server_default="0") for name in ALERT_REALS),
        *(Column(name, Integer, nullable=False, server_default="0") for name in ("documents", "capped")),
        Column("provisional", Boolean, nullable=False, server_default=false()),
        Column("changed", Text, nullable=False, server_default=""),
        *(Column(name, Json, nullable=False, server_default="[]") for name in ("covers", "scales")),
        Column("realised_per_week", Real),
        Column("at", UtcTime),
    )


alert = Table(
    "alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    *_alert_columns(),
    Index("alert_by_time", "run", "started_at"),
    Index("alert_by_key", "run", "key", "started_at"),
)

alert_event = Table(
    "alert_event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    *_alert_columns(),
    Column("recorded_at", UtcTime, nullable=False),
    Column("known_at", UtcTime, nullable=False),
    Index("alert_event_by_time", "run", "detected_at"),
)

rejected = Table(
    "rejected",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Big, primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("rejected_at", UtcTime, nullable=False),
    Index("rejected_by_reason", "run", "reason", "rejected_at"),
)

retry = Table(
    "retry",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", Big, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("to_partition", Integer),
    Column("to_offset", Big),
)
"""Rejected records that were published again: `number` counts the tries of one."""

label = Table(
    "label",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("id", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("by", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("said_tone", Text),
    Column("said_topic", Text, nullable=False),
    Column("tone", Text),
    Column("topic", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("label_by_time", "at"),
)
"""What people have said: rows are added, and never changed or deleted."""

outbox = Table(
    "outbox",
    metadata,
    Column("receiver", String(32), primary_key=True),
    Column("alert_id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("run", String(RUN), nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("enqueued_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("first_success_at", UtcTime),
    Column("done_at", UtcTime),
    Column("refused", Boolean, nullable=False),
    Column("last_error", Text, nullable=False),
    Index("outbox_due", "run", "done_at", "next_attempt_at"),
)

alert_journal = Table(
    "alert_journal",
    metadata,
    Column("id", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("run", String(RUN), nullable=False),
    Column("mark", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("event_time", UtcTime),
    Column("action", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Index("alert_journal_once", "id", "mark", unique=True),
    Index("alert_journal_by_time", "run", "at"),
)
"""Every transition of every alert, in order; `mark` is what makes one told twice one entry."""

mute = Table(
    "mute",
    metadata,
    Column("run", String(RUN), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("created_at", UtcTime, primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted_at", UtcTime),
    Column("lifted_by", Text, nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("by", Text, primary_key=True),
    Column("run", String(RUN), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index("verdict_by_time", "run", "at"),
)
"""What people said of alerts: rows are added, and never changed or deleted."""
