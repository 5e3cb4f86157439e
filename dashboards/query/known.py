"""Rows as they were known at a moment: the one place that knows how the store keeps that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import FromClause

from pipeline.store import schema


def sentiment_as_of(as_of: datetime | None) -> FromClause:
    """Minutes as they stand, or as they stood at `as_of`."""
    if as_of is None:
        return schema.sentiment
    raise NotImplementedError


def visible(table: Any, as_of: datetime | None) -> list[Any]:
    """Conditions that leave the rows of `table` that were known at `as_of`."""
    return [] if as_of is None else [table.c.known_at <= as_of]
