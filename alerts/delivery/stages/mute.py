"""Mute: what somebody does not want to hear of, has seen already, or not at this hour."""

from __future__ import annotations

from alerts.delivery.batch import Batch, Decision, Facts, Held, Suppressed
from alerts.delivery.schedule import Delivery
from alerts.events import AlertEvent
from alerts.routes import SEVERITIES


class Mute:
    """Suppresses muted topics and acknowledged alerts; holds or drops what comes outside a route's hours."""

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Decide on what is muted; the rest goes on."""
        hours = batch.route.open_hours()
        closed: Decision | None = None
        if not hours.open(facts.now):
            named = f"outside the hours {batch.route.hours} ({batch.route.time_zone})"
            if batch.route.outside_hours == "drop":
                closed = Suppressed(named)
            else:
                closed = Held(named, hours.next_opening(facts.now))

        def judge(delivery: Delivery) -> Decision | None:
            return _muted(delivery.event, facts) or _seen(delivery.event, facts) or closed

        return batch.sort_out(judge)


def _muted(event: AlertEvent, facts: Facts) -> Decision | None:
    for mute in facts.mutes:
        if mute.covers(event.key):
            why = f": {mute.reason}" if mute.reason else ""
            return Suppressed(f"muted until {mute.until:%Y-%m-%d %H:%M} UTC by {mute.by}{why}")
    return None


def _seen(event: AlertEvent, facts: Facts) -> Decision | None:
    """An acknowledged alert is told again when it rises above what was seen, and when it ends."""
    seen = facts.seen.get(event.id)
    if seen is None or event.reason == "resolved":
        return None
    if SEVERITIES.index(event.severity) > SEVERITIES.index(seen.severity):
        return None
    return Suppressed(f"acknowledged by {seen.by}, no higher than {seen.severity} since")
