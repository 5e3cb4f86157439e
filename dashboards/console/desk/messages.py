"""What the desk's process and the console say to each other, a JSON line each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from alerts.events import AlertEvent

State = Literal["idle", "reading", "playing", "paused", "done", "failed"]
Do = Literal["play", "pause", "speed", "jump"]


class Order(Struct, frozen=True, kw_only=True):
    """What to play: the first line that the process reads."""

    kind: Literal["file", "run"]
    name: str
    """Path of a feed, or name of a run in the store."""
    start: datetime | None = None
    end: datetime | None = None
    """Documents published in [start, end) are played; those before `start` are heard at once, to learn."""
    sides: tuple[dict[str, float], ...]
    """Where the knobs stand, a side each."""


class Command(Struct, frozen=True, kw_only=True):
    """Any further line."""

    do: Do
    speed: float | None = None
    """Times faster than it happened; None for as fast as it goes."""


class Line(Struct, frozen=True, kw_only=True):
    """A topic as it stands in the replay."""

    key: str
    documents: int
    mean: float
    share: float
    spark: tuple[int, ...]


class Side(Struct, frozen=True, kw_only=True):
    """What one group of settings came to so far."""

    alerts: tuple[AlertEvent, ...] = ()
    """Alerts as they stand, the newest first; at most `SHOWN`."""
    total: int = 0
    days: int = 0
    """Days on which one began."""


class Course(Struct, frozen=True, kw_only=True):
    """Bad stories over the whole replay, in equal steps; those that were not played yet are 0."""

    begin: datetime
    end: datetime
    stories: tuple[int, ...]


class Moment(Struct, frozen=True, kw_only=True):
    """The replay as it stands; the process writes one a line."""

    state: State = "idle"
    at: datetime | None = None
    """Event time: end of the last closed minute."""
    done: int = 0
    """Documents played, of `total`."""
    total: int = 0
    lead: int = 0
    """Documents before the first date that were heard to learn what is normal."""
    speed: float | None = 3600.0
    lines: tuple[Line, ...] = ()
    sides: tuple[Side, ...] = ()
    course: Course | None = None
    problem: str = ""


SHOWN = 30
"""Alerts of a side that are told."""
