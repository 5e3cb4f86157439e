"""Which watchlists a document belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import Json, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let documents name their watchlists, and create the table to find them by."""
    op.add_column("document", sa.Column("watchlists", Json, nullable=False, server_default="[]"))
    op.create_table(
        "watched",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("watchlist", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("published_at", UtcTime, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("offset", sa.BigInteger, nullable=False),
    )
    op.create_index("watched_by_time", "watched", ["run", "watchlist", "published_at", "id"])
