"""When an alert event is sent to a receiver, again, or no more: values in, values out.

A **webhook** gets every event once, the events of one alert in order. **Alertmanager** holds state, and loses
it when it restarts, so the newest event of an alert is posted again and again while it fires and for a while
after it resolved; a newer event takes the older one's place, but for one thing: an alert resolves there only
after it has been accepted as firing and fired for `minimum_firing`, or its receivers would never hear of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from alerts.events import AlertEvent, Severity
from alerts.settings import DeliverySettings

Receiver = str
"""`alertmanager`, `webhook`, or the name of a route."""
RECEIVERS: tuple[Receiver, ...] = ("alertmanager", "webhook")

STATEFUL: frozenset[Receiver] = frozenset({"alertmanager"})
"""Receivers that hold an alert's state: only its newest event matters to them."""


class Delivered(Struct, frozen=True):
    """The receiver accepted it."""


class Retry(Struct, frozen=True):
    """It was not accepted, but may be later."""

    reason: str
    after: float | None = None
    """Seconds the receiver asked to be left alone."""
    unreachable: bool = False
    """No answer at all: the receiver, not this event, is the trouble."""


class Refused(Struct, frozen=True):
    """The receiver will never accept it; the reason stays in the outbox."""

    reason: str


Outcome = Delivered | Retry | Refused


class Accepted(Struct, frozen=True, kw_only=True):
    """A firing event of an alert that its receiver has accepted."""

    seq: int
    severity: Severity
    at: datetime
    """Wall clock of the first acceptance."""


class Delivery(Struct, frozen=True, kw_only=True):
    """One alert event on its way to one receiver: a row of the outbox."""

    receiver: Receiver
    event: AlertEvent
    enqueued_at: datetime
    """Wall clock, as are all times here but those of the event."""
    failures: int = 0
    """Failed attempts since the last success."""
    first_success_at: datetime | None = None
    accepted: tuple[Accepted, ...] = ()
    """Firing events of this alert that the receiver knows, in order of seq; this one included."""
    newer_waits: bool = False
    """A newer event of this alert waits for this one."""


class Step(Struct, frozen=True, kw_only=True):
    """What becomes of a delivery after an attempt."""

    next_attempt_at: datetime | None
    """None: done."""
    failures: int = 0
    first_success_at: datetime | None = None
    refused: bool = False
    error: str = ""


def receivers(settings: DeliverySettings) -> tuple[Receiver, ...]:
    """The receivers that are switched on."""
    urls: dict[Receiver, str] = {"alertmanager": settings.alertmanager_url, "webhook": settings.webhook_url}
    return tuple(receiver for receiver in RECEIVERS if urls[receiver])


def receivers_of(event: AlertEvent, settings: DeliverySettings) -> tuple[Receiver, ...]:
    """The receivers that are switched on, and the routes that want the event."""
    return (*receivers(settings), *(route.name for route in settings.routes if route.wants(event)))


def next_step(delivery: Delivery, outcome: Outcome, now: datetime, settings: DeliverySettings) -> Step:
    """What to do after an attempt at `now` that ended in `outcome`."""
    match outcome:
        case Refused(reason):
            return Step(
                next_attempt_at=None,
                first_success_at=delivery.first_success_at,
                refused=True,
                error=reason,
            )
        case Retry(reason, after):
            failures = delivery.failures + 1
            pause = _backoff(delivery, failures, after, settings)
            return Step(
                next_attempt_at=now + pause,
                failures=failures,
                first_success_at=delivery.first_success_at,
                error=reason,
            )
        case Delivered():
            first = delivery.first_success_at or now
            return Step(next_attempt_at=_resend(delivery, first, now, settings), first_success_at=first)


def _resend(
    delivery: Delivery, first: datetime, now: datetime, settings: DeliverySettings
) -> datetime | None:
    """When to post again what was just accepted; None where nothing is left to say."""
    if delivery.receiver not in STATEFUL:
        return None
    again = now + timedelta(seconds=settings.resend_interval)
    if delivery.event.state == "resolved":
        until = first + timedelta(seconds=settings.resolved_resend)
    elif delivery.newer_waits:
        until = _firing_since(delivery, first) + timedelta(seconds=settings.minimum_firing)
    else:
        return again
    return min(again, until) if now < until else None


def _firing_since(delivery: Delivery, first: datetime) -> datetime:
    """Since when the receiver has known the alert as firing with this severity."""
    return min((a.at for a in delivery.accepted if a.severity == delivery.event.severity), default=first)


def _backoff(delivery: Delivery, failures: int, after: float | None, settings: DeliverySettings) -> timedelta:
    """One second, then twice as long each time, or as long as the receiver asked; never over the limit."""
    longest = settings.max_backoff
    if delivery.receiver in STATEFUL:
        # An accepted alert expires after some missed posts: a longer pause would let it resolve by itself.
        longest = min(longest, settings.resend_interval)
    seconds = max(2.0 ** min(failures - 1, 30), after or 0.0)
    return timedelta(seconds=min(seconds, longest))
