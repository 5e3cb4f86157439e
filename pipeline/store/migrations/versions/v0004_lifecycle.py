"""What became of each alert and why; what people did about it: mutes, verdicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import Json, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the lifecycle journal and the tables of mutes and verdicts."""
    op.create_table(
        "alert_journal",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.String(63), nullable=False),
        sa.Column("mark", sa.Text, nullable=False),
        sa.Column("at", UtcTime, nullable=False),
        sa.Column("event_time", UtcTime),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("action", "by", "reason")),
        sa.Column("detail", Json, nullable=False),
    )
    op.create_index("alert_journal_once", "alert_journal", ["id", "mark"], unique=True)
    op.create_index("alert_journal_by_time", "alert_journal", ["run", "at"])
    op.create_table(
        "mute",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("created_at", UtcTime, primary_key=True),
        sa.Column("until", UtcTime, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("lifted_at", UtcTime),
        sa.Column("lifted_by", sa.Text, nullable=False),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", UtcTime, primary_key=True),
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("run", sa.String(63), nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("verdict_by_time", "verdict", ["run", "at"])
