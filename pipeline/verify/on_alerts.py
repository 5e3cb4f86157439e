"""Faults of alert events as findings."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.verify.alarms import AlertFault, as_stored, compare_alerts
from pipeline.verify.explain import differing_fields
from pipeline.verify.log import TopicLogs
from pipeline.verify.report import Finding
from pipeline.verify.topics import Gathered


def of_alerts(gathered: Gathered, logs: TopicLogs) -> Iterator[Finding]:
    """Alert events of the topic and of the store that do not follow from the minutes."""
    if gathered.alerts is None:
        return
    expected = gathered.alerts.events
    yield from _alert_findings(
        f"topic {logs.name('alerts')}",
        compare_alerts(expected, gathered.found_alerts, expected if gathered.alerts_ended else ()),
    )
    if gathered.kept is not None:
        done = gathered.acknowledged.get((logs.name("alerts"), 0), 0)
        stored = {key: as_stored(event) for key, event in expected.items()}
        acknowledged = [key for key, offset in gathered.alert_offsets.items() if offset < done]
        yield from _alert_findings(
            "store, table alert_event", compare_alerts(stored, gathered.kept.alerts, acknowledged)
        )


def _alert_findings(place: str, faults: list[AlertFault]) -> Iterator[Finding]:
    for fault in faults:
        event = fault.event
        here, there = (
            differing_fields(fault.expected, fault.found) if fault.fault == "different" else ({}, {})
        )
        says = {
            "missing": "follows from the minutes and is not there",
            "different": "is not what the minutes come to",
            "unexpected": "is there, and no minute leads to it",
        }[fault.fault]
        yield Finding(
            place=place,
            kind=fault.fault,
            minute=event.started_at,
            key=event.key,
            expected=here,
            found=there,
            says=f"event {event.seq} ({event.reason}) of alert {event.id} {says}",
        )
