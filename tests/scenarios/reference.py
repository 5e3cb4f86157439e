"""What the offline shell makes of a scenario's documents: what every faulty run must come to as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import Struct

from alerts.events import AlertEvent
from pipeline.classify import Incoming, classify_batch
from pipeline.records import SentimentMinute
from pipeline.replay.digest import digest, last_revisions
from pipeline.replay.offline import Core
from pipeline.settings import Settings
from pipeline.watchlists import Watchlists
from tests.keyword_classifier import KeywordClassifier
from tests.scenarios.documents import Item

_BATCH = 500


@dataclass(frozen=True)
class Reference:
    """The right answer."""

    digest: str
    minutes: tuple[SentimentMinute, ...]
    events: tuple[AlertEvent, ...]
    ids: frozenset[str]
    """Of the documents that are counted."""


def reference(items: Sequence[Item], settings: Settings, *, arrival: bool) -> Reference:
    """Run the core over the items in one partition: in the order of event time, or as they arrive."""
    classifier = KeywordClassifier()
    core = Core.begin(settings.run, 1, settings, classifier.topics, lambda event: None)
    ids: set[str] = set()
    ordered = list(items) if arrival else sorted(items, key=_event_time)

    def feed(records: list[Incoming], start: int) -> None:
        classified = classify_batch(
            records,
            classifier,
            run=settings.run,
            topic="reference",
            now=datetime.now(UTC),
            future_tolerance=settings.event_time.future_tolerance,
            live=False,
            watchlists=Watchlists(settings.watchlists),
            detect_language=False,
        )
        ids.update(each.id for each in classified.scored)
        for tally in classified.tallies:
            core.apply(tally)

    for start in range(0, len(ordered), _BATCH):
        part = ordered[start : start + _BATCH]
        feed([Incoming(0, start + n, item.value) for n, item in enumerate(part)], start)
    feed([Incoming(0, len(ordered), b"", end=True)], len(ordered))
    return Reference(
        digest(core.minutes, core.events), tuple(core.minutes), tuple(core.events), frozenset(ids)
    )


def _event_time(item: Item) -> tuple[float, str]:
    document = item.document
    return (document.published_at.timestamp(), document.id) if document else (0.0, "")


def first_difference(
    right: Reference, minutes: Sequence[SentimentMinute], events: Sequence[AlertEvent]
) -> str:
    """Name the first minute and key, or alert event and field, that is not as it should be."""
    wanted = {
        (minute.minute, row.key): row for minute in last_revisions(right.minutes) for row in minute.rows
    }
    found = {(minute.minute, row.key): row for minute in last_revisions(minutes) for row in minute.rows}
    for key in sorted(wanted.keys() | found.keys()):
        if key not in wanted or key not in found:
            return f"{key}: {'missing' if key in wanted else 'too much'}"
        if wanted[key] != found[key]:
            return f"{key}: {_fields(wanted[key], found[key])}"
    alerts = {(event.key, event.started_at, event.seq): event for event in right.events}
    there = {(event.key, event.started_at, event.seq): event for event in events}
    for alert in sorted(alerts.keys() | there.keys()):
        if alert not in alerts or alert not in there:
            return f"alert {alert}: {'missing' if alert in alerts else 'too much'}"
        if told := _fields(alerts[alert], there[alert]):
            return f"alert {alert}: {told}"
    return "nothing but repeated alert events"


def _fields(wanted: Struct, found: Struct) -> str:
    pairs = ((name, getattr(wanted, name), getattr(found, name)) for name in wanted.__struct_fields__)
    different = [
        f"{name} is {there!r}, not {want!r}"
        for name, want, there in pairs
        if want != there and name not in ("id", "run", "v")
    ]
    return "; ".join(different)[:600]
