"""One pass over the routes: what is due goes through the stages, top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from alerts.delivery.batch import Batch, Decided, Facts, Failed, Rejected, Told
from alerts.delivery.drain import Result, Verdict
from alerts.delivery.schedule import Delivery
from alerts.delivery.stages.dedup import Dedup
from alerts.delivery.stages.group import Group
from alerts.delivery.stages.mute import Mute
from alerts.delivery.stages.rate_limit import RateLimit
from alerts.delivery.stages.record import Decisions, Record
from alerts.delivery.stages.send import RouteSender, Send
from alerts.routes import RouteSettings
from alerts.settings import DeliverySettings


class Stage(Protocol):
    """One step on the way of a message."""

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Decide on some deliveries, and hand on the rest."""
        ...


class Notices(Decisions, Protocol):
    """The deliveries of a run to its routes, kept until they are done."""

    def open(self, route: RouteSettings, now: datetime) -> Sequence[Delivery]:
        """All that is not done, in order, once any of it is due; nothing while a failure is waited out."""
        ...

    def facts(self, route: RouteSettings, alert_ids: Sequence[str], now: datetime) -> Facts:
        """Mutes, acknowledgements, and what the route was told."""
        ...


def stages(sender: RouteSender, notices: Notices, settings: DeliverySettings) -> tuple[Stage, ...]:
    """The way of a message, to be read from top to bottom."""
    return (
        Mute(),
        Group(),
        Dedup(),
        RateLimit(),
        Send(sender, settings),
        Record(notices),
    )


def notify_once(
    notices: Notices,
    senders: Mapping[str, RouteSender],
    now: datetime,
    settings: DeliverySettings,
) -> list[Result]:
    """Tell every route what is due at wall clock `now`; what was tried, and how it ended.

    A message whose record is lost in a crash is sent again: routes get an event at least once.
    """
    results: list[Result] = []
    for route in settings.routes:
        sender = senders.get(route.name)
        waiting = notices.open(route, now) if sender is not None else ()
        if sender is None or not waiting:
            continue
        ids = list(dict.fromkeys(delivery.event.id for delivery in waiting))
        facts = notices.facts(route, ids, now)
        batch = Batch(route, (tuple(waiting),))
        for stage in stages(sender, notices, settings):
            batch = stage.apply(batch, facts)
        results += [_result(each, now) for each in batch.decided if _was_tried(each)]
    return results


def _was_tried(decided: Decided) -> bool:
    return isinstance(decided.decision, Told | Failed | Rejected)


def _result(decided: Decided, now: datetime) -> Result:
    delivery, decision = decided.delivery, decided.decision
    verdict: Verdict = (
        "delivered"
        if isinstance(decision, Told)
        else "refused"
        if isinstance(decision, Rejected)
        else "retried"
    )
    told = isinstance(decision, Told)
    return Result(
        receiver=delivery.receiver,
        alert_id=delivery.event.id,
        seq=delivery.event.seq,
        verdict=verdict,
        reason="" if told else decision.reason,
        waited=(now - delivery.enqueued_at).total_seconds() if told else None,
    )
