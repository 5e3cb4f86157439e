"""What passes through the stages of a route: deliveries still to be told, and what becomes of the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from alerts.delivery.schedule import Delivery
from alerts.events import AlertEvent, Severity
from alerts.routes import RouteSettings

Group = tuple[Delivery, ...]
"""Deliveries of one message, those of one alert in order of seq."""


class Told(Struct, frozen=True):
    """The receiver accepted it."""

    reason: str


class Suppressed(Struct, frozen=True):
    """It will not be told; the reason stays in the journal."""

    reason: str


class Held(Struct, frozen=True):
    """It is looked at again at `until`, wall clock."""

    reason: str
    until: datetime


class Failed(Struct, frozen=True):
    """The receiver did not take it; it is tried again at `until`."""

    reason: str
    until: datetime
    failures: int


class Rejected(Struct, frozen=True):
    """The receiver will never take it."""

    reason: str


Decision = Told | Suppressed | Held | Failed | Rejected


class Muted(Struct, frozen=True):
    """A mute in force; `key` may be `*`."""

    key: str
    until: datetime
    by: str
    reason: str

    def covers(self, key: str) -> bool:
        """Whether it is of that key."""
        return self.key in ("*", key)


class Seen(Struct, frozen=True):
    """Somebody acknowledged an alert that had that severity."""

    by: str
    severity: Severity


class Facts(Struct, frozen=True, kw_only=True):
    """What the stages need to know beside the deliveries themselves."""

    now: datetime
    """Wall clock."""
    mutes: tuple[Muted, ...] = ()
    seen: Mapping[str, Seen] = {}
    """By alert id."""
    told: Mapping[str, AlertEvent] = {}
    """By alert id, the newest event that this route was told."""
    sent: tuple[datetime, ...] = ()
    """When this route was sent its messages of the last hour, oldest first."""


class Decided(Struct, frozen=True):
    """A delivery and what becomes of it."""

    delivery: Delivery
    decision: Decision


class Batch(Struct, frozen=True):
    """All open deliveries of one route in one pass."""

    route: RouteSettings
    groups: tuple[Group, ...]
    decided: tuple[Decided, ...] = ()

    def sort_out(self, judge: Callable[[Delivery], Decision | None]) -> Batch:
        """Take out every delivery that `judge` decides on."""
        groups, decided = [], list(self.decided)
        for group in self.groups:
            kept = []
            for delivery in group:
                decision = judge(delivery)
                if decision is None:
                    kept.append(delivery)
                else:
                    decided.append(Decided(delivery, decision))
            if kept:
                groups.append(tuple(kept))
        return msgspec.structs.replace(self, groups=tuple(groups), decided=tuple(decided))

    def decide(self, group: Group, decision: Decision) -> Batch:
        """Decide on all of a group, which leaves the batch."""
        return msgspec.structs.replace(
            self,
            groups=tuple(other for other in self.groups if other is not group),
            decided=(*self.decided, *(Decided(delivery, decision) for delivery in group)),
        )


HOUR = timedelta(hours=1)
