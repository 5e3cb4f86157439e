"""One test notification to every receiver and route, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from alerts.delivery import Delivered, Delivery, Outcome, open_senders
from alerts.delivery.channels.opening import RouteError, open_routes
from alerts.delivery.sparkline import Series, picture
from alerts.events import AlertEvent, Evidence, Parts
from alerts.settings import DeliverySettings
from pipeline.errors import UsageError


class Tried(Struct, frozen=True, kw_only=True):
    """What became of one test."""

    name: str
    """`alertmanager`, `webhook`, or the route's name."""
    channel: str
    delivered: bool
    reason: str
    """Why not; empty where it was."""


def try_routes(
    settings: DeliverySettings, run: str, now: datetime, environ: Mapping[str, str], only: str | None = None
) -> list[Tried]:
    """Send the test to each, or to `only` one; a route that cannot work is told like one that failed."""
    routes = [route for route in settings.routes if only in (None, route.name)]
    event = sample(run, now)
    tried = []
    with open_senders(settings) as senders:
        for name, sender in senders.items():
            if only in (None, name):
                outcome = sender.send(Delivery(receiver=name, event=event, enqueued_at=now), now)
                tried.append(_tried(name, name, outcome))
    for route in routes:
        alone = settings.model_copy(update={"routes": (route,)})
        try:
            with open_routes(alone, environ, lambda _: _chart(now), test=True) as opened:
                tried.append(_tried(route.name, route.channel, opened[route.name].send((event,), now)))
        except RouteError as error:
            tried.append(Tried(name=route.name, channel=route.channel, delivered=False, reason=str(error)))
    if only is not None and not tried:
        names = [*(name for name in ("alertmanager", "webhook")), *(route.name for route in settings.routes)]
        raise UsageError(f"There is no route {only}; there are: {', '.join(names)}")
    return tried


def sample(run: str, now: datetime) -> AlertEvent:
    """An alert that looks like one, and says that it is a test."""
    start = now.replace(second=0, microsecond=0) - timedelta(minutes=60)
    story = Evidence(
        id="test",
        title="This is a test of Tocsin's notifications: no bank has failed",
        source="Tocsin",
        url="",
        published_at=start + timedelta(minutes=50),
        topic="financials",
        score=-0.9,
        story=1,
        contribution=1.2,
        copies=3,
        tone="negative",
    )
    return AlertEvent(
        id=f"test-{int(now.timestamp())}",
        seq=0,
        run=run,
        key="financials",
        kind="negative_surge",
        severity="watch",
        state="firing",
        reason="fired",
        started_at=start,
        detected_at=start + timedelta(minutes=60),
        resolved_at=None,
        window_minutes=60,
        observed=21,
        expected=4.5,
        observed_share=0.6,
        expected_share=0.25,
        surprise=5.2,
        threshold=3.9,
        evidence=(story,),
        cause="more_and_worse_news",
        expected_low=1,
        expected_high=10,
        documents=33,
        parts=Parts(worse_tone=6.5, more_news=10.0, mix=0.0),
        budget_per_week=0.5,
        realised_per_week=0.25,
        at=start + timedelta(minutes=60),
    )


def _chart(now: datetime) -> bytes | None:
    counts = (4, 5, 3, 6, 4, 2, 3, 5, 4, 6, 5, 4, 3, 4, 5, 3, 4, 6, 4, 5, 3, 4, 5, 21)
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=24)
    return picture(
        Series(counts=counts, start=start, step_minutes=60, expected=4.5, low=1, high=10, began=23)
    )


def _tried(name: str, channel: str, outcome: Outcome) -> Tried:
    reason = "" if isinstance(outcome, Delivered) else outcome.reason
    return Tried(name=name, channel=channel, delivered=isinstance(outcome, Delivered), reason=reason)
