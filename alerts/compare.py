"""Which alerts other settings would have raised: two lists of events, matched."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from alerts.events import AlertEvent


class Alarm(Struct, frozen=True, kw_only=True):
    """One alert as it stood in the end."""

    first: AlertEvent
    """Its first event: when and at what it rang."""
    last: AlertEvent
    """Its newest event: how severe it became, and when it ended."""


class Pair(Struct, frozen=True, kw_only=True):
    """The same surge under both settings."""

    before: Alarm
    after: Alarm
    moved_minutes: int
    """By how much later the second settings noticed it; negative where they were earlier."""


class Comparison(Struct, frozen=True, kw_only=True):
    """What would have been different."""

    gained: tuple[Alarm, ...]
    """Alerts of the second settings alone."""
    lost: tuple[Alarm, ...]
    """Alerts of the first settings alone."""
    moved: tuple[Pair, ...]
    """Noticed at another minute, or of another severity."""
    same: tuple[Pair, ...]
    """Noticed at the same minute, with the same severity."""


def alarms(events: Iterable[AlertEvent]) -> list[Alarm]:
    """Each alert of the events once, by the time at which it rang."""
    first: dict[str, AlertEvent] = {}
    last: dict[str, AlertEvent] = {}
    for event in events:
        first.setdefault(event.id, event)
        if event.id not in last or event.seq >= last[event.id].seq:
            last[event.id] = event
    every = [Alarm(first=first[id], last=last[id]) for id in first]
    return sorted(every, key=lambda alarm: (alarm.first.detected_at, alarm.first.key))


def compare(before: Iterable[AlertEvent], after: Iterable[AlertEvent]) -> Comparison:
    """Match alerts of one key whose surges overlap in time, nearest first; each is matched once."""
    old, new = alarms(before), alarms(after)
    candidates = [
        (abs(_moved(one, other)), one_at, other_at)
        for one_at, one in enumerate(old)
        for other_at, other in enumerate(new)
        if one.first.key == other.first.key and _overlap(one, other)
    ]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    pairs: list[Pair] = []
    for _, one_at, other_at in sorted(candidates):
        if one_at in taken_old or other_at in taken_new:
            continue
        taken_old.add(one_at)
        taken_new.add(other_at)
        one, other = old[one_at], new[other_at]
        pairs.append(Pair(before=one, after=other, moved_minutes=_moved(one, other)))
    pairs.sort(key=lambda pair: (pair.before.first.detected_at, pair.before.first.key))
    return Comparison(
        gained=tuple(alarm for at, alarm in enumerate(new) if at not in taken_new),
        lost=tuple(alarm for at, alarm in enumerate(old) if at not in taken_old),
        moved=tuple(pair for pair in pairs if not _alike(pair)),
        same=tuple(pair for pair in pairs if _alike(pair)),
    )


def _alike(pair: Pair) -> bool:
    return pair.moved_minutes == 0 and pair.before.last.severity == pair.after.last.severity


def _moved(one: Alarm, other: Alarm) -> int:
    return round((other.first.detected_at - one.first.detected_at).total_seconds() / 60)


def _overlap(one: Alarm, other: Alarm) -> bool:
    return one.first.started_at <= _end(other) and other.first.started_at <= _end(one)


def _end(alarm: Alarm) -> datetime:
    return alarm.last.resolved_at or datetime.max.replace(tzinfo=alarm.first.detected_at.tzinfo)
