"""Alert events to Alertmanager and to webhooks, until each has been accepted."""

from __future__ import annotations

from alerts.delivery.drain import Drained, Outbox, Result, drain_once
from alerts.delivery.schedule import (
    Accepted,
    Delivered,
    Delivery,
    Outcome,
    Receiver,
    Refused,
    Retry,
    Step,
    next_step,
    receivers,
)
from alerts.delivery.sender import AlertmanagerSender, Sender, WebhookSender, open_senders

__all__ = [
    "Accepted",
    "AlertmanagerSender",
    "Delivered",
    "Delivery",
    "Drained",
    "Outbox",
    "Outcome",
    "Receiver",
    "Refused",
    "Result",
    "Retry",
    "Sender",
    "Step",
    "WebhookSender",
    "drain_once",
    "next_step",
    "open_senders",
    "receivers",
]
