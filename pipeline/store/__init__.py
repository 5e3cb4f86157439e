"""Scored documents, sentiment and alerts in SQL: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from pipeline.store.errors import StoreUnavailable
from pipeline.store.outbox import Outbox, Refusal, Waiting
from pipeline.store.reads import Counts, SentimentPoint
from pipeline.store.store import Store

__all__ = ["Counts", "Outbox", "Refusal", "SentimentPoint", "Store", "StoreUnavailable", "Waiting"]
