"""Whether the alerts are those that follow from the minutes: the worker's own detection, run again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.records import AlertEvent, SentimentMinute
from pipeline.settings import Settings
from pipeline.store.rows import alert_record, alert_row
from pipeline.store.types import to_milliseconds
from pipeline.worker.detect import DetectCore
from pipeline.worker.metrics import Metrics

Key = tuple[str, int]
"""Alert id and seq."""
Fault = Literal["missing", "different", "unexpected"]

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(AlertEvent)


class AlertFault(Struct, frozen=True):
    """One alert event that is not as it should be."""

    fault: Fault
    expected: AlertEvent | None
    found: AlertEvent | None

    @property
    def event(self) -> AlertEvent:
        """Whichever there is."""
        event = self.expected or self.found
        assert event is not None
        return event


class ExpectedAlerts:
    """Alert events that follow from minutes, in order."""

    def __init__(self, settings: Settings, topics: Sequence[str]) -> None:
        self._core = DetectCore(settings, topics, Metrics())
        self.events: dict[Key, AlertEvent] = {}

    def take(self, minutes: Iterable[SentimentMinute]) -> None:
        """Show detection what the aggregate published."""
        for minute in minutes:
            for record in self._core.apply(_encode(minute)):
                if record.value:
                    event = _decoder.decode(record.value)
                    self.events.setdefault((event.id, event.seq), event)


def compare_alerts(
    expected: dict[Key, AlertEvent], found: dict[Key, AlertEvent], acknowledged: Collection[Key] = ()
) -> list[AlertFault]:
    """Hold the alert events that are kept against those that should be, both in their order.

    What precedes the last one that is kept must be there, and so must those that were acknowledged.
    """
    last = max((number for number, key in enumerate(expected) if key in found), default=-1)
    faults = []
    for number, (key, event) in enumerate(expected.items()):
        there = found.get(key)
        if there is None:
            if number < last or key in acknowledged:
                faults.append(AlertFault("missing", event, None))
        elif there != event:
            faults.append(AlertFault("different", event, there))
    faults += [AlertFault("unexpected", None, event) for key, event in found.items() if key not in expected]
    return sorted(faults, key=lambda fault: (fault.event.started_at, fault.event.id, fault.event.seq))


def as_stored(event: AlertEvent) -> AlertEvent:
    """An event as it comes back from the store: texts cleaned, moments cut to milliseconds."""
    row = alert_row(event)
    for name in ("started_at", "detected_at", "resolved_at"):
        if row[name] is not None:
            row[name] = to_milliseconds(row[name])
    return alert_record(row)
