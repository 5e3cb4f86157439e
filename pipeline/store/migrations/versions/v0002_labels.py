"""People's corrections of what the model said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of labels."""
    texts = ("title", "body", "model", "said_topic", "topic", "note")
    op.create_table(
        "label",
        sa.Column("run", sa.String(63), primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("at", UtcTime, primary_key=True),
        sa.Column("by", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in texts),
        sa.Column("said_tone", sa.Text),
        sa.Column("tone", sa.Text),
    )
    op.create_index("label_by_time", "label", ["at"])
