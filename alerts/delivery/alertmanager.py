"""An alert event as Prometheus Alertmanager wants it (API v2, `POST /api/v2/alerts`).

Alertmanager knows an alert by its labels alone. They are bounded: nothing in them comes from a document. The
id is one of them, so that each alert is notified on its own even when a replay fires a key's alerts within
seconds. So is the severity, as routes and inhibitions match on labels; when an alert escalates, the label set
with the old severity is resolved by the same post.

Its times are wall clock: what ended in the past would never notify. The event's own times are annotations.
"""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta

from alerts.delivery.schedule import Delivery
from alerts.delivery.text import label, line
from alerts.events import AlertEvent, Severity
from alerts.settings import DeliverySettings

ALERTNAMES = {"negative_surge": "TocsinNegativeSurge", "feed_silence": "TocsinFeedSilence"}
DEAD_MAN = "TocsinDeadMan"

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
        "alertname": ALERTNAMES.get(event.kind, "TocsinAlert"),
        "alert_id": label(event.id),
        "key": label(event.key),
        "kind": label(event.kind),
        "run": label(event.run),
        "severity": severity,
    }


def annotations_of(event: AlertEvent) -> Labels:
    """What a person reads: figures, event times, the stories that moved it."""
    replay = "" if event.run == "live" else f"[replay {label(event.run)}] "
    summary, description = _silence(event) if event.kind == "feed_silence" else _surge(event)
    said = {
        "summary": f"{replay}{event.severity}: {summary}",
        "description": description,
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
    run = f"--run {shlex.quote(event.run)}"
    said["actions"] = "\n".join(
        (
            f"tocsin alerts ack {label(event.id)} {run}",
            f"tocsin alerts mute {shlex.quote(event.key)} --until 2h {run}",
            f"tocsin alerts verdict {label(event.id)} useful|noise {run}",
        )
    )
    if event.cause:
        said["cause"] = label(event.cause)
    if event.expected_high > 0:
        said["expected_interval"] = f"{event.expected_low:.1f} to {event.expected_high:.1f}"
    if event.documents:
        said["documents"] = str(event.documents)
    if event.covers:
        said["covers"] = " ".join(label(key) for key in event.covers)
    if event.changed:
        said["changed"] = line(event.changed, _TITLE)
    if event.provisional:
        said["provisional"] = "true"
    if event.resolved_at is not None:
        said["resolved_at"] = _rfc3339(event.resolved_at)
    if event.run != "live":
        said["replay"] = "true"
    return said


def dead_man(run: str, now: datetime, settings: DeliverySettings) -> list[Alert]:
    """Body of the post of the alert that always fires: where it stops, some part of the path is dead.

    It expires at Alertmanager like any other, four posts after the last.
    """
    expires = now + timedelta(seconds=_EXPIRES_AFTER * settings.resend_interval)
    return [
        {
            "labels": {"alertname": DEAD_MAN, "kind": "dead_man", "run": label(run), "severity": "none"},
            "annotations": {
                "summary": "Tocsin is alive: this alert always fires. Ring when it does not.",
            },
            "startsAt": _rfc3339(now),
            "endsAt": _rfc3339(expires),
        }
    ]


def _surge(event: AlertEvent) -> tuple[str, str]:
    """Summary and description of a surge."""
    return (
        f"surge of negative news in {label(event.key)}, "
        f"{event.observed} stories where {event.expected:.1f} are normal",
        f"{event.observed} negative stories in {event.window_minutes} minutes where "
        f"{event.expected:.1f} are normal; {event.observed_share:.0%} of all stories are negative where "
        f"{event.expected_share:.0%} are normal; surprise {event.surprise:.1f}, rings from "
        f"{event.threshold:.1f}.",
    )


def _silence(event: AlertEvent) -> tuple[str, str]:
    """Summary and description of a silent feed."""
    return (
        f"{label(event.key)} is silent since {_rfc3339(event.started_at)}",
        f"No document for {event.window_minutes} minutes where {event.expected:.1f} are normal. "
        "While it lasts, calm is not told from absence, and the detector learns nothing.",
    )


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
