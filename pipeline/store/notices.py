"""The outbox as the routes see it: what is open, what is known about it, what was decided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update

from alerts.delivery.batch import Decided, Facts, Failed, Held, Muted, Rejected, Seen, Suppressed, Told
from alerts.delivery.schedule import Delivery
from alerts.delivery.silences import Silence, wanted
from alerts.events import AlertEvent
from alerts.journal import DELIVERY, Action, Transition
from alerts.routes import RouteSettings
from pipeline.store import journal, schema
from pipeline.store.actions import acknowledgements, active_mutes
from pipeline.store.schema import outbox
from pipeline.store.store import Store
from pipeline.store.types import clean

_event = msgspec.json.Decoder(AlertEvent)
_MOST = 500
_HOUR = timedelta(hours=1)
_JOURNALED: dict[type[Any], Action] = {Told: "delivered", Suppressed: "suppressed", Rejected: "refused"}


class Notices:
    """The deliveries of one run to its routes: an `alerts.delivery.notify.Notices` in a store."""

    def __init__(self, store: Store, run: str) -> None:
        self._store, self._run = store, run

    def open(self, route: RouteSettings, now: datetime) -> list[Delivery]:
        """All that is not done, in order, once any of it is due; nothing while a failure is waited out."""
        c = outbox.c
        query = (
            select(outbox)
            .where(c.run == self._run, c.receiver == route.name, c.done_at.is_(None))
            .order_by(c.enqueued_at, c.alert_id, c.seq)
            .limit(_MOST)
        )
        with self._store.reading() as connection:
            rows = [row._asdict() for row in connection.execute(query)]
        if any(row["failures"] and row["next_attempt_at"] > now for row in rows):
            return []
        if not any(row["next_attempt_at"] <= now for row in rows):
            return []
        return [
            Delivery(
                receiver=route.name,
                event=_event.decode(row["event"]),
                enqueued_at=row["enqueued_at"],
                failures=row["failures"],
            )
            for row in rows
        ]

    def facts(self, route: RouteSettings, alert_ids: Sequence[str], now: datetime) -> Facts:
        """Mutes, acknowledgements, and what the route was told."""
        c = outbox.c
        told = select(c.event).where(
            c.receiver == route.name, c.alert_id.in_(list(alert_ids)), c.first_success_at.is_not(None)
        )
        sent = (
            select(c.first_success_at)
            .where(c.run == self._run, c.receiver == route.name, c.first_success_at > now - _HOUR)
            .distinct()
            .order_by(c.first_success_at)
        )
        with self._store.reading() as connection:
            events = [_event.decode(text) for text in connection.scalars(told.order_by(c.seq))]
            moments = tuple(connection.scalars(sent))
        return Facts(
            now=now,
            mutes=self._mutes(now),
            seen={
                id: Seen(each.by, each.severity)  # type: ignore[arg-type]
                for id, each in acknowledgements(self._store, alert_ids).items()
            },
            told={event.id: event for event in events},
            sent=moments,
        )

    def silences(self, now: datetime) -> list[Silence]:
        """What Alertmanager shall be silent about: mutes in force, acknowledged alerts that still fire."""
        c = schema.alert.c
        firing = select(c.id).where(c.run == self._run, c.state == "firing")
        with self._store.reading() as connection:
            ids = list(connection.scalars(firing))
        seen = {
            id: (Seen(each.by, each.severity), each.at)  # type: ignore[arg-type]
            for id, each in acknowledgements(self._store, ids).items()
        }
        return wanted(self._run, self._mutes(now), seen)

    def _mutes(self, now: datetime) -> tuple[Muted, ...]:
        return tuple(
            Muted(mute.key, mute.until, mute.by, mute.reason)
            for mute in active_mutes(self._store, self._run, now)
        )

    def settle(self, route: RouteSettings, decided: Sequence[Decided], now: datetime) -> None:
        """Keep all decisions, and journal those that end a delivery, in one transaction."""
        with self._store.writing() as connection:
            for each in decided:
                c, delivery = outbox.c, each.delivery
                row = update(outbox).where(
                    c.receiver == route.name,
                    c.alert_id == delivery.event.id,
                    c.seq == delivery.event.seq,
                    c.done_at.is_(None),
                )
                connection.execute(row.values(_became(each, now)))
            journal.append(connection, _transitions(route, decided), now)


def _became(decided: Decided, now: datetime) -> dict[str, Any]:
    done: dict[str, Any] = {"done_at": now, "next_attempt_at": None}
    match decided.decision:
        case Told():
            return {**done, "first_success_at": now, "failures": 0, "last_error": ""}
        case Suppressed(reason):
            return {**done, "last_error": clean(reason)}
        case Rejected(reason):
            return {**done, "refused": True, "last_error": clean(reason)}
        case Held(reason, until):
            return {"next_attempt_at": until, "last_error": clean(reason)}
        case Failed(reason, until, failures):
            return {"next_attempt_at": until, "failures": failures, "last_error": clean(reason)}


def _transitions(route: RouteSettings, decided: Sequence[Decided]) -> Iterator[Transition]:
    for each in decided:
        action = _JOURNALED.get(type(each.decision))
        if action is None:
            continue
        event = each.delivery.event
        yield Transition(
            id=event.id,
            run=event.run,
            mark=f"{route.name}/{event.seq}",
            action=action,
            event_time=event.at,
            by=DELIVERY,
            reason=f"{route.name}: {each.decision.reason}",
            detail={"route": route.name, "seq": event.seq, "severity": event.severity},
        )
