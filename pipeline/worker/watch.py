"""Looks once a second at lag and progress, and tells the health checks and Prometheus."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import faust

from pipeline.worker.acks import Acks
from pipeline.worker.health import Progress, Watchdog
from pipeline.worker.metrics import Metrics

_LOOK = 1.0


async def watch(app: faust.App, acks: Acks, progress: Progress, metrics: Metrics) -> None:
    """Look until the worker stops."""
    watchdog = Watchdog(progress)
    shown: set[tuple[str, int]] = set()
    while True:
        now = time.monotonic()
        progress.beat = now
        starting = _starting(app)
        if starting is None or progress.starting is None or not progress.starting_since:
            progress.starting_since = now
        progress.starting = starting
        progress.waiting = metrics.waits.reasons
        if progress.starting is None:
            lags = await _lags(app, acks)
            for topic, partition in shown - lags.keys():
                metrics.lag.remove(topic, str(partition))
            shown = set(lags)
            by_topic: Counter[str] = Counter()
            for (topic, partition), lag in lags.items():
                metrics.lag.labels(topic, str(partition)).set(lag)
                by_topic[topic] += lag
            watchdog.look(by_topic, acks.finished, now)
        await asyncio.sleep(_LOOK)


def _starting(app: faust.App) -> str | None:
    if app.rebalancing or not app.rebalancing_count:
        return "joining the consumer group"
    if app.in_recovery:
        return "recovering state from the changelog"
    return None


async def _lags(app: faust.App, acks: Acks) -> dict[tuple[str, int], int]:
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
        end = app.consumer.highwater(tp)
        if position is not None and end is not None:
            lags[tp.topic, tp.partition] = max(0, end - position)
    return lags
