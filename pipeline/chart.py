"""The chart that goes along with a notification, from the minutes in the store."""

from __future__ import annotations

from datetime import timedelta

from alerts.delivery.sparkline import Series, picture
from alerts.events import AlertEvent
from pipeline.store import Store, StoreUnavailable

_SPAN = timedelta(hours=24)


def chart(store: Store, event: AlertEvent) -> bytes | None:
    """PNG of the day up to the alert's last event; None where it has no minutes, or the store is away."""
    try:
        return picture(series(store, event))
    except StoreUnavailable:
        return None


def series(store: Store, event: AlertEvent) -> Series:
    """Negative stories in steps of up to an hour; the interval of normal counts where a step is a window."""
    step = min(max(event.window_minutes, 15), 60)
    length = timedelta(minutes=step)
    end = event.resolved_at or event.at or event.detected_at
    steps = _SPAN // length
    start = end - steps * length
    counts = [0] * steps
    points = store.sentiment(event.run, event.key, start, end) if event.kind == "negative_surge" else []
    for point in points:
        counts[(point.minute - start) // length] += point.row.negative_stories
    exact = step == event.window_minutes
    began = (event.started_at - start) // length
    return Series(
        counts=tuple(counts) if points else (),
        start=start,
        step_minutes=step,
        expected=event.expected * step / max(event.window_minutes, 1),
        low=event.expected_low if exact else 0.0,
        high=event.expected_high if exact else 0.0,
        began=began if began >= 0 else 0,
    )
