"""Which stories are wordings of one, which documents came late, and what was capped."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of merges and late documents; count what was capped."""
    for table in ("sentiment", "sentiment_revision"):
        op.add_column(table, sa.Column("capped", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "story_merge",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("story", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("joined", sa.BigInteger, nullable=False),
        sa.Column("minute", UtcTime, nullable=False),
    )
    op.create_index("story_merge_by_cluster", "story_merge", ["run", "joined"])
    op.create_table(
        "late_document",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("published_at", UtcTime, nullable=False),
        sa.Column("behind", sa.Integer, nullable=False),
    )
    op.create_index("late_document_by_time", "late_document", ["run", "published_at"])
