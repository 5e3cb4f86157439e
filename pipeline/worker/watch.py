"""Looks once a second at lag and progress, and tells the health checks and Prometheus."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from typing import Any

import faust

from pipeline.worker.acks import Acks
from pipeline.worker.health import Progress, Watchdog
from pipeline.worker.metrics import Metrics

log = logging.getLogger(__name__)

_LOOK = 1.0
_ASK = 5.0
"""Seconds between two questions to the broker where partitions end."""
_PATIENCE = 10.0


async def watch(app: faust.App, acks: Acks, progress: Progress, metrics: Metrics) -> None:
    """Look until the worker stops."""
    watchdog = Watchdog(progress)
    shown: set[tuple[str, int]] = set()
    ends: dict[Any, int] = {}
    asked_at = 0.0
    while True:
        now = time.monotonic()
        progress.beat = now
        starting = _starting(app)
        if starting is None or progress.starting is None or not progress.starting_since:
            progress.starting_since = now
        progress.starting = starting
        progress.waiting = metrics.waits.reasons
        if progress.starting is None:
            if now - asked_at >= _ASK:
                asked_at = now
                ends = await _ends(app) or ends
            lags = await _lags(app, acks, ends)
            for topic, partition in shown - lags.keys():
                metrics.lag.remove(topic, str(partition))
            shown = set(lags)
            by_topic: Counter[str] = Counter()
            for (topic, partition), lag in lags.items():
                metrics.lag.labels(topic, str(partition)).set(lag)
                by_topic[topic] += lag
            watchdog.look(by_topic, acks.steps, now)
        await asyncio.sleep(_LOOK)


def _starting(app: faust.App) -> str | None:
    if app.rebalancing or not app.rebalancing_count:
        return "joining the consumer group"
    if app.in_recovery:
        return "recovering state from the changelog"
    return None


async def _ends(app: faust.App) -> dict[Any, int]:
    """Ask the broker where the partitions that this worker reads end; nothing where it does not answer.

    What the consumer knows of it comes with the records that it fetches: one that has stopped fetching
    believes that there is nothing to read.
    """
    changelogs = app.tables.changelog_topics
    partitions: list[Any] = [tp for tp in app.consumer.assignment() if tp.topic not in changelogs]
    try:
        async with asyncio.timeout(_PATIENCE):
            return dict(await app.consumer.highwaters(*partitions)) if partitions else {}
    except Exception as error:  # whatever it is, the watch goes on
        log.debug("the broker does not say where partitions end: %r", error)
        return {}


async def _lags(app: faust.App, acks: Acks, ends: dict[Any, int]) -> dict[tuple[str, int], int]:
    """Count unread records by topic and partition, for the partitions this worker reads."""
    changelogs = app.tables.changelog_topics
    lags: dict[tuple[str, int], int] = {}
    tp: Any
    for tp in app.consumer.assignment():
        if tp.topic in changelogs:
            continue
        position = acks.positions.get((tp.topic, tp.partition))
        if position is None:
            position = await app.consumer.position(tp)
        known = [end for end in (app.consumer.highwater(tp), ends.get(tp)) if end is not None]
        if position is not None and known:
            lags[tp.topic, tp.partition] = max(0, max(known) - position)
    return lags
