"""An alert event as Prometheus Alertmanager wants it (API v2, `POST /api/v2/alerts`).

Alertmanager knows an alert by its labels alone. They are bounded: nothing in them comes from a document. The
id is one of them, so that each alert is notified on its own even when a replay fires a key's alerts within
seconds. So is the severity, as routes and inhibitions match on labels; when an alert escalates, the label set
with the old severity is resolved by the same post.

Its times are wall clock: what ended in the past would never notify. The event's own times are annotations.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.delivery.schedule import Delivery
from alerts.delivery.text import label, line
from alerts.events import AlertEvent, Severity
from alerts.settings import DeliverySettings

ALERTNAME = "TocsinNegativeSurge"

_EXPIRES_AFTER = 4
"""A firing alert expires at Alertmanager when so many posts in a row are missing."""

_PLAUSIBLE = timedelta(days=1)
_TITLE = 200

Labels = dict[str, str]
Alert = dict[str, object]


def payload(delivery: Delivery, now: datetime, settings: DeliverySettings) -> list[Alert]:
    """Body of the post for `delivery` at wall clock `now`.

    A firing event gives one alert that expires after four missed posts, and the end of each severity the
    alert had before, for `resolved_resend` seconds. A resolved event ends every severity that was accepted.
    """
    event = delivery.event
    accepted = list(dict.fromkeys(firing.severity for firing in delivery.accepted))
    if event.state == "resolved":
        told = delivery.first_success_at or now
        return [_alert(delivery, severity, ends=told) for severity in accepted or [event.severity]]
    expires = now + timedelta(seconds=_EXPIRES_AFTER * settings.resend_interval)
    alerts = [_alert(delivery, event.severity, ends=expires)]
    since = _severity_since(delivery, now)
    if now <= since + timedelta(seconds=settings.resolved_resend):
        former = [severity for severity in accepted if severity != event.severity]
        alerts += [_alert(delivery, severity, ends=since) for severity in former]
    return alerts


def labels_of(event: AlertEvent, severity: Severity) -> Labels:
    """Identity of the alert at Alertmanager."""
    return {
        "alertname": ALERTNAME,
        "alert_id": label(event.id),
        "key": label(event.key),
        "kind": label(event.kind),
        "run": label(event.run),
        "severity": severity,
    }


def annotations_of(event: AlertEvent) -> Labels:
    """What a person reads: figures, event times, the stories that moved it."""
    replay = "" if event.run == "live" else f"[replay {label(event.run)}] "
    said = {
        "summary": f"{replay}{event.severity}: surge of negative news in {label(event.key)}, "
        f"{event.observed} stories where {event.expected:.1f} are normal",
        "description": f"{event.observed} negative stories in {event.window_minutes} minutes where "
        f"{event.expected:.1f} are normal; {event.observed_share:.0%} of all stories are negative where "
        f"{event.expected_share:.0%} are normal; surprise {event.surprise:.1f}, rings from "
        f"{event.threshold:.1f}.",
        "started_at": _rfc3339(event.started_at),
        "detected_at": _rfc3339(event.detected_at),
        "observed": str(event.observed),
        "expected": f"{event.expected:.3f}",
        "surprise": f"{event.surprise:.2f}",
        "reason": label(event.reason),
        "evidence": "\n".join(
            f"{rank}. {line(story.title, _TITLE)} ({line(story.source, 60)})"
            for rank, story in enumerate(event.evidence, start=1)
        ),
    }
    if event.cause:
        said["cause"] = label(event.cause)
    if event.resolved_at is not None:
        said["resolved_at"] = _rfc3339(event.resolved_at)
    if event.run != "live":
        said["replay"] = "true"
    return said


def _alert(delivery: Delivery, severity: Severity, ends: datetime) -> Alert:
    starts = min(_starts(delivery), ends)
    return {
        "labels": labels_of(delivery.event, severity),
        "annotations": annotations_of(delivery.event),
        "startsAt": _rfc3339(starts),
        "endsAt": _rfc3339(ends),
    }


def _severity_since(delivery: Delivery, now: datetime) -> datetime:
    """When the event's severity was first accepted since it last changed; `now` where it has not been yet."""
    since = now
    for firing in reversed(delivery.accepted):
        if firing.severity != delivery.event.severity:
            break
        since = firing.at
    return since


def _starts(delivery: Delivery) -> datetime:
    """Event time where it can be wall clock as well: live, and within the last day."""
    started = delivery.event.started_at
    if delivery.event.run == "live" and timedelta() <= delivery.enqueued_at - started <= _PLAUSIBLE:
        return started
    return min([delivery.enqueued_at, *(firing.at for firing in delivery.accepted)])


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
