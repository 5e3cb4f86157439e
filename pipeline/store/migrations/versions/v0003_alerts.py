"""What an alert says: interval, parts, copies, scales, budget, and what changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from pipeline.store.types import Json, Real, UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REALS = ("expected_low", "expected_high", "worse_tone", "more_news", "mix", "budget_per_week")


def upgrade() -> None:
    """Add the columns to the alerts and to their events; what is there already gets neutral values."""
    for table in ("alert", "alert_event"):
        for column in _columns():
            op.add_column(table, column)


def _columns() -> Iterator[sa.Column[Any]]:
    for name in _REALS:
        yield sa.Column(name, Real, nullable=False, server_default="0")
    for name in ("documents", "capped"):
        yield sa.Column(name, sa.Integer, nullable=False, server_default="0")
    yield sa.Column("provisional", sa.Boolean, nullable=False, server_default=sa.false())
    yield sa.Column("changed", sa.Text, nullable=False, server_default="")
    for name in ("covers", "scales"):
        yield sa.Column(name, Json, nullable=False, server_default="[]")
    yield sa.Column("realised_per_week", Real)
    yield sa.Column("at", UtcTime)
