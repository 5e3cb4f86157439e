"""Send: one message a group, one outcome."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from alerts.delivery.batch import Batch, Decided, Facts, Failed, Group, Held, Rejected, Suppressed, Told
from alerts.delivery.schedule import Delivered, Outcome, Refused, Retry
from alerts.events import AlertEvent
from alerts.settings import DeliverySettings


class RouteSender(Protocol):
    """Tells one route of some alerts, and never raises for what the receiver does."""

    def send(self, events: tuple[AlertEvent, ...], now: datetime) -> Outcome:
        """Try once; `events` holds each alert once, as it stands."""
        ...


class Send:
    """Tells each group, every alert by its newest event; after a failure the rest of the route waits too."""

    def __init__(self, sender: RouteSender, settings: DeliverySettings) -> None:
        self._sender, self._settings = sender, settings

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Decide on every group that is left."""
        behind: Held | None = None
        for group in batch.groups:
            if behind is not None:
                batch = batch.decide(group, behind)
                continue
            newest = {delivery.event.id: delivery.event for delivery in group}
            match self._sender.send(tuple(newest.values()), facts.now):
                case Delivered():
                    batch = _told(batch, group, newest)
                case Refused(reason) if len(newest) == 1:
                    batch = batch.decide(group, Rejected(reason))
                case Refused():
                    # One alert may be what it will not take: try each on its own.
                    batch = self._one_by_one(batch, group, facts)
                case Retry(reason, after):
                    failures = max(delivery.failures for delivery in group) + 1
                    failed = Failed(reason, facts.now + self._pause(failures, after), failures)
                    batch = batch.decide(group, failed)
                    behind = Held("waits behind a failure", failed.until)
        return batch

    def _one_by_one(self, batch: Batch, group: Group, facts: Facts) -> Batch:
        ids = dict.fromkeys(delivery.event.id for delivery in group)
        alone = tuple(tuple(each for each in group if each.event.id == id) for id in ids)
        return _decide(batch, group, self.apply(Batch(batch.route, alone), facts).decided)

    def _pause(self, failures: int, after: float | None) -> timedelta:
        """One second, then twice as long each time, or as long as the receiver asked; up to a limit."""
        seconds = max(2.0 ** min(failures - 1, 30), after or 0.0)
        return timedelta(seconds=min(seconds, self._settings.max_backoff))


def _told(batch: Batch, group: Group, newest: dict[str, AlertEvent]) -> Batch:
    told = Told("one message" if len(newest) == 1 else f"one message of {len(newest)} alerts")
    decided = []
    for delivery in group:
        seq = newest[delivery.event.id].seq
        overtaken = Suppressed(f"overtaken by event {seq}, told in its place")
        decided.append(Decided(delivery, told if delivery.event.seq == seq else overtaken))
    return _decide(batch, group, tuple(decided))


def _decide(batch: Batch, group: Group, decided: tuple[Decided, ...]) -> Batch:
    left = tuple(other for other in batch.groups if other is not group)
    return msgspec.structs.replace(batch, groups=left, decided=(*batch.decided, *decided))
