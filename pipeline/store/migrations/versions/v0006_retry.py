"""Rejected records that were published again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import UtcTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of retries."""
    op.create_table(
        "retry",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("offset", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("begun_at", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("to_partition", sa.Integer),
        sa.Column("to_offset", sa.BigInteger),
    )
