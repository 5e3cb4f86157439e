"""One pass over the outbox: send what is due, record what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct

from alerts.delivery.schedule import Delivered, Delivery, Outcome, Receiver, Refused, Retry, Step, next_step
from alerts.delivery.sender import Sender
from alerts.settings import DeliverySettings

Verdict = Literal["delivered", "retried", "refused"]


class Outbox(Protocol):
    """Deliveries of one run, kept until they are done; `pipeline.store.Outbox` is one."""

    def due(self, receivers: Collection[Receiver], now: datetime, limit: int) -> Sequence[Delivery]:
        """Deliveries to attempt now, those that waited longest first; of one alert at most one a receiver."""
        ...

    def record(self, delivery: Delivery, step: Step, now: datetime) -> None:
        """Keep what became of an attempt."""
        ...


class Result(Struct, frozen=True, kw_only=True):
    """What became of one attempt."""

    receiver: Receiver
    alert_id: str
    seq: int
    verdict: Verdict
    reason: str
    """Why it was retried or refused."""
    waited: float | None
    """Seconds from the outbox to this, the first, acceptance; None for anything else."""


class Drained(Struct, frozen=True, kw_only=True):
    """What one pass did."""

    results: tuple[Result, ...]

    def counts(self) -> dict[tuple[Receiver, Verdict], int]:
        """Attempts by receiver and verdict, for counters."""
        return dict(Counter((result.receiver, result.verdict) for result in self.results))


def drain_once(
    outbox: Outbox,
    senders: Mapping[Receiver, Sender],
    now: datetime,
    settings: DeliverySettings,
    *,
    limit: int = 500,
) -> Drained:
    """Send everything that is due at wall clock `now`, at most `limit` attempts.

    A receiver that cannot be reached is left alone for the rest of the pass, and its deliveries stay queued.
    An attempt whose record is lost is made again: receivers get an event at least once.
    """
    reachable = dict(senders)
    results: list[Result] = []
    while reachable and len(results) < limit:
        batch = outbox.due(tuple(reachable), now, limit - len(results))
        if not batch:
            break
        for delivery in batch:
            sender = reachable.get(delivery.receiver)
            if sender is None:
                continue
            outcome = sender.send(delivery, now)
            outbox.record(delivery, next_step(delivery, outcome, now, settings), now)
            results.append(_result(delivery, outcome, now))
            if isinstance(outcome, Retry) and outcome.unreachable:
                del reachable[delivery.receiver]
    return Drained(results=tuple(results))


def _result(delivery: Delivery, outcome: Outcome, now: datetime) -> Result:
    verdict: Verdict
    match outcome:
        case Delivered():
            verdict, reason = "delivered", ""
        case Retry(reason):
            verdict = "retried"
        case Refused(reason):
            verdict = "refused"
    first = verdict == "delivered" and delivery.first_success_at is None
    return Result(
        receiver=delivery.receiver,
        alert_id=delivery.event.id,
        seq=delivery.event.seq,
        verdict=verdict,
        reason=reason,
        waited=(now - delivery.enqueued_at).total_seconds() if first else None,
    )
