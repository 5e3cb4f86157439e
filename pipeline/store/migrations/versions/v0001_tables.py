"""The first tables: documents, sentiment, alerts and their journal, rejected input, the outbox."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import Json, Real, UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table and index."""
    _document()
    _sentiment()
    _alerts()
    _rejected()
    _outbox()


def _document() -> None:
    texts = ("kind", "source", "title", "body", "url", "lang", "author", "topic", "tone", "model")
    reals = ("p_topic", "p_negative", "p_neutral", "p_positive", "score")
    op.create_table(
        "document",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("published_at", UtcTime, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        *(sa.Column(name, Real, nullable=False) for name in reals),
        sa.Column("symbols", Json, nullable=False),
        sa.Column("story", sa.BigInteger, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
    )
    op.create_index("document_by_time", "document", ["run", "published_at"])
    op.create_index("document_by_topic", "document", ["run", "topic", "published_at"])


def _sentiment() -> None:
    integers = (
        "revision",
        "documents",
        "stories",
        "negative",
        "neutral",
        "positive",
        "negative_stories",
        "late",
    )
    op.create_table(
        "sentiment",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("minute", UtcTime, primary_key=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in integers),
        sa.Column("score_sum", sa.BigInteger, nullable=False),
        sa.Column("score_sumsq", sa.BigInteger, nullable=False),
        *(
            sa.Column(f"{name}_{window}", sa.Integer if name == "documents" else Real)
            for window in ("5m", "1h", "24h")
            for name in ("documents", "mean", "negative_share", "negative_share_se")
        ),
        sa.Column("evidence", Json, nullable=False),
    )
    op.create_index("sentiment_by_time", "sentiment", ["run", "minute"])


def _alerts() -> None:
    def said() -> list[sa.Column[Any]]:
        return [
            sa.Column("run", sa.String(63), nullable=False),
            *(
                sa.Column(name, sa.Text, nullable=False)
                for name in ("key", "kind", "severity", "state", "reason")
            ),
            sa.Column("started_at", UtcTime, nullable=False),
            sa.Column("detected_at", UtcTime, nullable=False),
            sa.Column("resolved_at", UtcTime),
            sa.Column("window_minutes", sa.Integer, nullable=False),
            sa.Column("observed", sa.Integer, nullable=False),
            *(
                sa.Column(name, Real, nullable=False)
                for name in ("expected", "observed_share", "expected_share", "surprise", "threshold")
            ),
            sa.Column("evidence", Json, nullable=False),
            sa.Column("cause", sa.Text, nullable=False),
        ]

    op.create_table(
        "alert",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        *said(),
    )
    op.create_index("alert_by_time", "alert", ["run", "started_at"])
    op.create_index("alert_by_key", "alert", ["run", "key", "started_at"])
    op.create_table(
        "alert_event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        *said(),
        sa.Column("recorded_at", UtcTime, nullable=False),
    )
    op.create_index("alert_event_by_time", "alert_event", ["run", "detected_at"])


def _rejected() -> None:
    op.create_table(
        "rejected",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("rejected_at", UtcTime, nullable=False),
    )
    op.create_index("rejected_by_reason", "rejected", ["run", "reason", "rejected_at"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("receiver", sa.String(32), primary_key=True),
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.String(63), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("enqueued_at", UtcTime, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", UtcTime),
        sa.Column("first_success_at", UtcTime),
        sa.Column("done_at", UtcTime),
        sa.Column("refused", sa.Boolean, nullable=False),
        sa.Column("last_error", sa.Text, nullable=False),
    )
    op.create_index("outbox_due", "outbox", ["run", "done_at", "next_attempt_at"])
