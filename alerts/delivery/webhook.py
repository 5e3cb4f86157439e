"""An alert event as a webhook gets it: the record of `tocsin.alerts` itself, as JSON."""

from __future__ import annotations

import msgspec

from alerts.delivery.schedule import Delivery
from alerts.delivery.text import label


def body(delivery: Delivery) -> bytes:
    """The event in JSON, as docs/topics.md tells it; titles are hostile text, to be escaped where shown."""
    return msgspec.json.encode(delivery.event)


def headers(delivery: Delivery) -> dict[str, str]:
    """`Idempotency-Key` is equal for every attempt to deliver one event, and for nothing else."""
    event = delivery.event
    return {
        "Content-Type": "application/json",
        "Idempotency-Key": f"{label(event.id)}/{event.seq}/{delivery.receiver}",
    }
