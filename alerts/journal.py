"""The lifecycle journal's vocabulary: what can happen to an alert, and what an event says has happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct

from alerts.events import AlertEvent

Action = Literal[
    "pending",
    "fired",
    "escalated",
    "updated",
    "confirmed",
    "resolved",
    "acknowledged",
    "muted",
    "unmuted",
    "verdict",
    "delivered",
    "refused",
    "suppressed",
]
ACTIONS: tuple[Action, ...] = get_args(Action)

DETECTOR = "detector"
"""Who wrote the entries that follow from events; people are named, delivery is `delivery`."""
DELIVERY = "delivery"


class Transition(Struct, frozen=True, kw_only=True):
    """One thing that happened to an alert, before it has its place in the journal."""

    id: str
    """Alert id, or `mute/RUN/KEY` for what concerns a topic and no single alert."""
    run: str
    mark: str
    """Equal for the same transition told twice; the journal keeps the first."""
    action: Action
    event_time: datetime | None = None
    """When it happened in event time, where that is known."""
    by: str
    """`detector`, `delivery`, or a person's name."""
    reason: str
    """Why, in a sentence."""
    detail: dict[str, Any] = {}
    """Figures that go with it."""


def transitions(event: AlertEvent) -> Iterator[Transition]:
    """What an alert event tells the journal: its own transition and, ahead of the first, the waiting.

    A surge is pending from the first minute of the window that rang to the minute at which it did; the
    detector holds no other state of it, so the first event tells both.
    """
    if event.seq == 0 and event.reason == "fired":
        yield Transition(
            id=event.id,
            run=event.run,
            mark="pending",
            action="pending",
            event_time=event.started_at,
            by=DETECTOR,
            reason=f"first minute of the {event.window_minutes} minutes that rang",
        )
    if event.reason not in ACTIONS:
        return
    yield Transition(
        id=event.id,
        run=event.run,
        mark=f"event/{event.seq}",
        action=event.reason,
        event_time=_happened(event),
        by=DETECTOR,
        reason=_why(event),
        detail={
            "seq": event.seq,
            "severity": event.severity,
            "observed": event.observed,
            "expected": round(event.expected, 3),
            "surprise": event.surprise,
            "threshold": event.threshold,
        },
    )


def _happened(event: AlertEvent) -> datetime | None:
    if event.reason == "resolved" and event.resolved_at is not None:
        return event.resolved_at
    if event.at is not None:
        return event.at
    return event.detected_at if event.reason == "fired" else None


def _why(event: AlertEvent) -> str:
    if event.reason == "resolved":
        return "the surprise stayed low for the quiet time"
    if event.reason == "confirmed":
        return "its minutes are final"
    rang = f"surprise {event.surprise:.1f} where {event.threshold:.1f} rings, severity {event.severity}"
    if event.reason == "fired":
        return f"{event.observed} negative stories where {event.expected:.1f} are normal; {rang}"
    return rang
