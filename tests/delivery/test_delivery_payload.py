from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery import Accepted, Delivery, webhook
from alerts.delivery.alertmanager import annotations_of, labels_of, payload
from alerts.delivery.text import label, line
from alerts.events import AlertEvent, Severity
from alerts.settings import DeliverySettings
from tests.records import START, alert_event, evidence

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SETTINGS = DeliverySettings(resend_interval=60, minimum_firing=330, resolved_resend=300)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def posted(event: AlertEvent, now: datetime = NOW, **fields: Any) -> list[dict[str, Any]]:
    delivery = Delivery(**{"receiver": "alertmanager", "event": event, "enqueued_at": NOW, **fields})
    alerts: list[dict[str, Any]] = json.loads(msgspec.json.encode(payload(delivery, now, SETTINGS)))
    return alerts


def severities(alerts: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    """Severity of each alert, and whether it fires at NOW."""
    return [(alert["labels"]["severity"], datetime.fromisoformat(alert["endsAt"]) > NOW) for alert in alerts]


def told(seq: int, severity: Severity, seconds: float) -> Accepted:
    return Accepted(seq=seq, severity=severity, at=at(seconds))


def test_a_firing_alert_ends_after_four_missed_posts() -> None:
    [alert] = posted(alert_event(run="live", started_at=at(-600)), at(5))
    assert alert["labels"] == {
        "alertname": "TocsinNegativeSurge",
        "alert_id": "a1",
        "key": "financials",
        "kind": "negative_surge",
        "run": "live",
        "severity": "warning",
    }
    assert alert["startsAt"] == "2026-01-01T11:50:00.000Z"
    assert alert["endsAt"] == "2026-01-01T12:04:05.000Z"


def test_a_replay_has_wall_clock_outside_and_event_time_in_its_annotations() -> None:
    [alert] = posted(alert_event(run="lehman"))
    assert alert["startsAt"] == "2026-01-01T12:00:00.000Z"
    said = alert["annotations"]
    assert said["started_at"] == "2008-09-15T04:30:00.000Z"
    assert said["detected_at"] == "2008-09-15T04:40:00.000Z"
    assert said["replay"] == "true"
    assert said["summary"].startswith("[replay lehman] warning: surge of negative news in financials, 42 ")
    assert "replay" not in annotations_of(alert_event(run="live"))


@pytest.mark.parametrize("started", [START, at(1), at(-90_000)])
def test_an_implausible_start_is_not_wall_clock(started: datetime) -> None:
    [alert] = posted(alert_event(run="live", started_at=started))
    assert alert["startsAt"] == "2026-01-01T12:00:00.000Z"


def test_a_resolved_alert_ends_at_its_first_post_every_severity_that_was_told() -> None:
    event = alert_event(2, state="resolved", severity="critical")
    accepted = (told(0, "watch", -900), told(1, "critical", -600))
    alerts = posted(event, accepted=accepted)
    assert severities(alerts) == [("watch", False), ("critical", False)]
    assert {alert["endsAt"] for alert in alerts} == {"2026-01-01T12:00:00.000Z"}
    assert alerts[0]["annotations"]["resolved_at"] == "2008-09-15T06:00:00.000Z"
    again = posted(event, at(200), accepted=accepted, first_success_at=NOW)
    assert again == alerts, "posted again, it is the same end"
    assert all(alert["startsAt"] <= alert["endsAt"] for alert in alerts)


def test_a_resolved_alert_that_was_never_told_ends_itself() -> None:
    assert severities(posted(alert_event(state="resolved", severity="watch"))) == [("watch", False)]


def test_an_escalation_ends_the_old_severity_with_the_same_post() -> None:
    critical = alert_event(1, severity="critical")
    watch = told(0, "watch", -600)
    assert severities(posted(critical, accepted=(watch,))) == [("critical", True), ("watch", False)]
    soon = posted(critical, accepted=(watch, told(1, "critical", -290)), first_success_at=at(-290))
    assert severities(soon) == [("critical", True), ("watch", False)]
    later = posted(critical, accepted=(watch, told(1, "critical", -310)), first_success_at=at(-310))
    assert severities(later) == [("critical", True)]


def test_an_update_does_not_end_the_old_severity_over_again() -> None:
    accepted = (told(0, "watch", -9000), told(1, "critical", -8000))
    assert severities(posted(alert_event(2, severity="critical"), accepted=accepted)) == [("critical", True)]


def test_labels_are_the_same_for_every_event_of_one_severity() -> None:
    first, second = alert_event(0), alert_event(3, observed=99, evidence=(), reason="updated")
    assert labels_of(first, "watch") == labels_of(second, "watch")


def test_annotations_have_the_figures_and_the_stories() -> None:
    stories = (evidence(), evidence(id="e2", title="Second\nstory", source="blog"))
    said = annotations_of(alert_event(evidence=stories))
    assert said["evidence"] == "1. Bank files for bankruptcy (wire)\n2. Second story (blog)"
    assert (said["observed"], said["expected"], said["surprise"]) == ("42", "3.125", "12.50")
    assert said["cause"] == "more_news"


@given(title=st.text(max_size=600), id=st.text(min_size=1, max_size=300))
def test_hostile_text_stays_out_of_labels_and_is_inert_in_annotations(title: str, id: str) -> None:
    event = alert_event(id=id, evidence=(evidence(title=title, source=title),))
    [alert] = posted(event)
    for value in alert["labels"].values():
        assert re.fullmatch(r"[A-Za-z0-9_.:/+-]{1,128}", value)
    shown = alert["annotations"]["evidence"]
    assert "\n" not in shown
    assert "<" not in shown
    assert not re.search(r"@\w", shown)
    assert len(shown) < 600


@given(st.text(), st.integers(1, 50))
def test_a_line_is_short_and_plain(text: str, limit: int) -> None:
    shown = line(text, limit)
    assert len(shown.replace("\u200b", "")) <= limit
    kinds = {unicodedata.category(c) for c in shown.replace("\u200b", "")}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_chat_markup_is_disarmed() -> None:
    assert line("<!channel> @everyone \u202etxt", 100) == "‹!channel› @\u200beveryone txt"
    assert line("a\r\n\tb", 100) == "a b"
    assert line("a" * 30, 10) == "a" * 9 + "…"


def test_an_empty_label_is_not_dropped() -> None:
    assert label("") == "_"


def test_a_webhook_gets_the_event_itself_under_a_key_of_its_own() -> None:
    event = alert_event(3, id="lehman/x\r\nEvil: 1")
    delivery = Delivery(receiver="webhook", event=event, enqueued_at=NOW)
    assert msgspec.json.decode(webhook.body(delivery), type=AlertEvent) == event
    assert webhook.headers(delivery) == {
        "Content-Type": "application/json",
        "Idempotency-Key": "lehman/x__Evil:_1/3/webhook",
    }
