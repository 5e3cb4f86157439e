"""Group: one shock makes one message, not ten."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from alerts.delivery.batch import Batch, Facts, Held
from alerts.delivery.schedule import Delivery

MOST_ALERTS = 20
"""Alerts in one message at most; the next message has the rest."""
_ALONE = frozenset({"pagerduty"})
"""Channels that keep an incident for each alert, and so want one message for each."""


class Group:
    """Puts the deliveries of one run and kind together, once the first has waited for the others."""

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Cut the deliveries into messages; hold those whose wait is not over."""
        groups: dict[tuple[str, ...], list[Delivery]] = {}
        for group in batch.groups:
            for delivery in group:
                event = delivery.event
                alone = (event.id,) if batch.route.channel in _ALONE else ()
                groups.setdefault((event.run, event.kind, *alone), []).append(delivery)
        cut = [part for group in groups.values() for part in _parts(group)]
        batch = msgspec.structs.replace(batch, groups=tuple(cut))
        for group in batch.groups:
            ready = group[0].enqueued_at + timedelta(seconds=batch.route.group_wait)
            urgent = any(delivery.event.severity == "critical" for delivery in group)
            if facts.now < ready and not urgent and group[0].failures == 0:
                batch = batch.decide(group, Held("waits for others of its group", ready))
        return batch


def _parts(group: list[Delivery]) -> list[tuple[Delivery, ...]]:
    """No alert is cut in two: its events stay in one message, or their order would be at risk."""
    alerts: dict[str, list[Delivery]] = {}
    for delivery in group:
        alerts.setdefault(delivery.event.id, []).append(delivery)
    ids = list(alerts)
    return [
        tuple(delivery for id in ids[at : at + MOST_ALERTS] for delivery in alerts[id])
        for at in range(0, len(ids), MOST_ALERTS)
    ]
