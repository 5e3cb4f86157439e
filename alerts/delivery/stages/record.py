"""Record: what was decided, kept before the next pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from alerts.delivery.batch import Batch, Decided, Facts
from alerts.routes import RouteSettings


class Decisions(Protocol):
    """Keeps decisions on deliveries, and journals those that end one; `pipeline.store.Notices` is one."""

    def settle(self, route: RouteSettings, decided: Sequence[Decided], now: datetime) -> None:
        """Keep all of them, or none."""
        ...


class Record:
    """Hands every decision to the store, in one transaction."""

    def __init__(self, store: Decisions) -> None:
        self._store = store

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Keep the decisions of this pass."""
        if batch.decided:
            self._store.settle(batch.route, batch.decided, facts.now)
        return batch
