"""When each thing became known, and minutes as they stood before they were amended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import Json, Real, UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# What is there already was not stamped. The best guess: a document when it was published, a minute and what
# it caused when the watermark had passed it, 2 minutes after its end.
_KNOWN = {
    "document": ("published_at", "published_at"),
    "sentiment": (
        "minute + interval '3 minutes'",
        "strftime('%Y-%m-%dT%H:%M:%fZ', minute, '+3 minutes')",
    ),
    "alert_event": (
        """CASE WHEN run = 'live' THEN recorded_at
        ELSE coalesce("at", resolved_at, detected_at) + interval '2 minutes' END""",
        """CASE WHEN run = 'live' THEN recorded_at
        ELSE strftime('%Y-%m-%dT%H:%M:%fZ', coalesce("at", resolved_at, detected_at), '+2 minutes') END""",
    ),
}


def upgrade() -> None:
    """Add `known_at` and the table of what was superseded."""
    _revisions()
    postgres = op.get_bind().dialect.name == "postgresql"
    epoch = "1970-01-01T00:00:00.000Z"
    for table, (in_postgres, in_sqlite) in _KNOWN.items():
        op.add_column(table, sa.Column("known_at", UtcTime, nullable=False, server_default=epoch))
        op.execute(f"UPDATE {table} SET known_at = {in_postgres if postgres else in_sqlite}")  # noqa: S608


def _revisions() -> None:
    integers = ("documents", "stories", "negative", "neutral", "positive", "negative_stories", "late")
    op.create_table(
        "sentiment_revision",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("minute", UtcTime, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in integers),
        sa.Column("score_sum", sa.BigInteger, nullable=False),
        sa.Column("score_sumsq", sa.BigInteger, nullable=False),
        *(
            sa.Column(f"{name}_{window}", sa.Integer if name == "documents" else Real)
            for window in ("5m", "1h", "24h")
            for name in ("documents", "mean", "negative_share", "negative_share_se")
        ),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("known_at", UtcTime, nullable=False),
        sa.Column("superseded_at", UtcTime, nullable=False),
    )
    op.create_index("sentiment_revision_by_time", "sentiment_revision", ["run", "minute"])
    op.create_index("sentiment_revision_by_end", "sentiment_revision", ["run", "superseded_at"])
