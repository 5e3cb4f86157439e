"""Alert events on their way to the receivers, in the store until each is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, select, update

from alerts.delivery.schedule import STATEFUL, Accepted, Delivery, Receiver, Step, receivers_of
from alerts.events import AlertEvent
from alerts.journal import DELIVERY, Transition
from alerts.settings import DeliverySettings
from pipeline.store import journal
from pipeline.store.rows import Row
from pipeline.store.schema import outbox
from pipeline.store.store import Store
from pipeline.store.types import clean
from pipeline.store.writer import insert_new

_event = msgspec.json.Decoder(AlertEvent)


class Waiting(Struct, frozen=True, kw_only=True):
    """How one receiver's part of an outbox stands."""

    pending: int
    """Events not yet accepted, and not held: this is what must not grow."""
    held: int
    """Events that a route's hours, grouping or rate limit hold back: they are told later."""
    firing: int
    """Events accepted, and still posted again: Alertmanager's state."""
    refused: int
    """Events the receiver will never accept; `Outbox.refused` has the reasons."""
    oldest: datetime | None
    """When the oldest pending event was queued."""


class Refusal(Struct, frozen=True, kw_only=True):
    """An event that a receiver refused."""

    receiver: Receiver
    alert_id: str
    seq: int
    at: datetime
    reason: str


class Outbox:
    """The deliveries of one run: an `alerts.delivery.Outbox` in the tables of a store."""

    def __init__(self, store: Store, run: str) -> None:
        self._store, self._run = store, run

    def add(self, events: Sequence[AlertEvent], receivers: Collection[Receiver], now: datetime) -> None:
        """Queue `events`, in order, for each receiver; one that is there already is left as it is.

        Where the receiver holds state, a newer event ends the posting of older ones of its alert; but a
        resolved one waits behind the firing one, which `next_step` then lets go in time.
        """
        if not events or not receivers:
            return
        with self._store.writing() as connection:
            for event in events:
                for receiver in receivers:
                    self._add(connection, event, receiver, now)

    def enqueue(self, events: Sequence[AlertEvent], settings: DeliverySettings, now: datetime) -> None:
        """Queue each event for every receiver and route that wants it, in one transaction."""
        if not events:
            return
        with self._store.writing() as connection:
            for event in events:
                for receiver in receivers_of(event, settings):
                    self._add(connection, event, receiver, now)

    def _add(self, connection: Connection, event: AlertEvent, receiver: Receiver, now: datetime) -> None:
        c = outbox.c
        same = and_(c.receiver == receiver, c.alert_id == event.id)
        stateful = receiver in STATEFUL
        overtaken = select(exists().where(same, c.seq > event.seq))
        row = _row(event, receiver, now, done=stateful and connection.scalars(overtaken).one())
        if not insert_new(connection, outbox, row) or not stateful or row["done_at"] is not None:
            return
        older = update(outbox).where(same, c.seq < event.seq, c.done_at.is_(None))
        if event.state == "firing":
            connection.execute(older.values(done_at=now, next_attempt_at=None))
        else:
            connection.execute(older.where(c.failures == 0).values(next_attempt_at=now))

    def due(self, receivers: Collection[Receiver], now: datetime, limit: int) -> list[Delivery]:
        """Deliveries to attempt at `now`: the oldest open event of each alert and receiver."""
        c = outbox.c
        earlier = outbox.alias("earlier")
        newer = outbox.alias("newer")

        def other(table: Any) -> ColumnElement[bool]:
            return and_(
                table.c.receiver == c.receiver, table.c.alert_id == c.alert_id, table.c.done_at.is_(None)
            )

        query = (
            select(outbox, exists().where(other(newer), newer.c.seq > c.seq).label("newer_waits"))
            .where(
                c.run == self._run,
                c.done_at.is_(None),
                c.next_attempt_at <= now,
                c.receiver.in_(list(receivers)),
                ~exists().where(other(earlier), earlier.c.seq < c.seq),
            )
            .order_by(c.next_attempt_at, c.enqueued_at, c.alert_id, c.receiver)
            .limit(limit)
        )
        with self._store.reading() as connection:
            return [_delivery(connection, row._asdict()) for row in connection.execute(query).all()]

    def record(self, delivery: Delivery, step: Step, now: datetime) -> None:
        """Keep what became of an attempt at `now`."""
        c = outbox.c
        row = update(outbox).where(
            c.receiver == delivery.receiver, c.alert_id == delivery.event.id, c.seq == delivery.event.seq
        )
        became = {
            "next_attempt_at": step.next_attempt_at,
            "failures": step.failures,
            "done_at": now if step.next_attempt_at is None else None,
            "refused": step.refused,
            "last_error": clean(step.error),
        }
        with self._store.writing() as connection:
            if step.first_success_at is not None:
                accepted = row.where(c.first_success_at.is_(None))
                connection.execute(accepted.values(first_success_at=step.first_success_at))
            # A newer event may have ended this one while it was being sent; then it stays ended.
            connection.execute(row.where(c.done_at.is_(None)).values(became))
            journal.append(connection, _transitions(delivery, step), now)

    def waiting(self) -> dict[Receiver, Waiting]:
        """How each receiver's part stands, for metrics."""
        c = outbox.c
        open_yet = and_(c.done_at.is_(None), c.first_success_at.is_(None))
        # A hold leaves its reason, and no failure.
        held = and_(open_yet, c.failures == 0, c.last_error != "")
        pending = and_(open_yet, ~and_(c.failures == 0, c.last_error != ""))
        query = (
            select(
                c.receiver,
                _number(pending),
                _number(held),
                _number(and_(c.done_at.is_(None), c.first_success_at.is_not(None))),
                _number(c.refused),
                func.min(case((pending, c.enqueued_at))),
            )
            .where(c.run == self._run)
            .group_by(c.receiver)
        )
        with self._store.reading() as connection:
            return {
                receiver: Waiting(pending=pending, held=held, firing=firing, refused=refused, oldest=oldest)
                for receiver, pending, held, firing, refused, oldest in connection.execute(query)
            }

    def refused(self) -> list[Refusal]:
        """What receivers refused, and why, oldest first."""
        c = outbox.c
        query = select(c.receiver, c.alert_id, c.seq, c.done_at.label("at"), c.last_error.label("reason"))
        query = query.where(c.run == self._run, c.refused).order_by(c.done_at, c.alert_id, c.seq)
        with self._store.reading() as connection:
            return [Refusal(**row._asdict()) for row in connection.execute(query)]


def _transitions(delivery: Delivery, step: Step) -> list[Transition]:
    """What an attempt tells the journal: the first acceptance of an event, or its refusal."""
    accepted = step.first_success_at is not None and delivery.first_success_at is None
    if not accepted and not step.refused:
        return []
    event, receiver = delivery.event, delivery.receiver
    return [
        Transition(
            id=event.id,
            run=event.run,
            mark=f"{receiver}/{event.seq}/{'refused' if step.refused else 'delivered'}",
            action="refused" if step.refused else "delivered",
            event_time=event.at,
            by=DELIVERY,
            reason=f"{receiver}: {step.error}" if step.refused else f"{receiver}: accepted",
            detail={"route": receiver, "seq": event.seq, "severity": event.severity},
        )
    ]


def _row(event: AlertEvent, receiver: Receiver, now: datetime, done: bool) -> Row:
    return {
        "receiver": receiver,
        "alert_id": event.id,
        "seq": event.seq,
        "run": event.run,
        "state": event.state,
        "severity": event.severity,
        "event": msgspec.json.encode(event).decode(),
        "enqueued_at": now,
        "failures": 0,
        "next_attempt_at": None if done else now,
        "first_success_at": None,
        "done_at": now if done else None,
        "refused": False,
        "last_error": "",
    }


def _delivery(connection: Connection, row: Row) -> Delivery:
    c = outbox.c
    firing = (
        select(c.seq, c.severity, c.first_success_at)
        .where(c.receiver == row["receiver"], c.alert_id == row["alert_id"])
        .where(c.state == "firing", c.first_success_at.is_not(None))
        .order_by(c.seq)
    )
    return Delivery(
        receiver=row["receiver"],
        event=_event.decode(row["event"]),
        enqueued_at=row["enqueued_at"],
        failures=row["failures"],
        first_success_at=row["first_success_at"],
        accepted=tuple(
            Accepted(seq=seq, severity=severity, at=at) for seq, severity, at in connection.execute(firing)
        ),
        newer_waits=row["newer_waits"],
    )


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))
