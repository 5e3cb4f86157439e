"""Dedup: only what is news to this receiver."""

from __future__ import annotations

from alerts.delivery.batch import Batch, Decision, Facts, Suppressed
from alerts.delivery.schedule import Delivery
from alerts.events import AlertEvent


class Dedup:
    """Suppresses what the receiver was told before, and ends of what it never heard of.

    Several waiting events of one alert stay together here: `Send` tells the newest, and only once that is
    told are the others overtaken. So a failure between the two loses nothing.
    """

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Decide on what is no news."""
        begun = {
            delivery.event.id
            for group in batch.groups
            for delivery in group
            if delivery.event.state == "firing"
        }

        def judge(delivery: Delivery) -> Decision | None:
            event = delivery.event
            return _judge(event, event.id in begun, facts.told.get(event.id))

        return batch.sort_out(judge)


def _judge(event: AlertEvent, begun: bool, told: AlertEvent | None) -> Decision | None:
    if told is not None and told.seq >= event.seq:
        return Suppressed(f"event {told.seq} was told before")
    if event.state == "resolved" and told is None and not begun:
        return Suppressed("it ended, and its beginning was not told here")
    if event.reason == "confirmed" and told is not None and _same(event, told):
        return Suppressed("confirmed as it was told")
    return None


def _same(event: AlertEvent, told: AlertEvent) -> bool:
    def figures(each: AlertEvent) -> tuple[object, ...]:
        return (each.severity, each.state, each.observed, round(each.expected, 1))

    return figures(event) == figures(told)
