"""Lag and progress as the worker tells them, from what its app says of itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from faust.types import TP

from pipeline.worker.acks import Acks
from pipeline.worker.health import Progress, Watchdog, healthy
from pipeline.worker.metrics import Metrics
from pipeline.worker.watch import watch

DOCUMENTS, CHANGELOG = TP("tocsin.documents", 0), TP("tocsin-aggregate-changelog", 0)


class Consumer:
    """What `watch` asks of Faust's consumer."""

    def __init__(self) -> None:
        self.positions: dict[TP, int | None] = {DOCUMENTS: 3, CHANGELOG: 0}
        self.ends: dict[TP, int | None] = {DOCUMENTS: 10, CHANGELOG: 99}
        self.looks = 0

    def assignment(self) -> set[TP]:
        self.looks += 1
        return set(self.positions)

    async def position(self, tp: TP) -> int | None:
        return self.positions[tp]

    def highwater(self, tp: TP) -> int | None:
        return self.ends[tp]


def app_with(consumer: Consumer, **fields: Any) -> Any:
    told = {
        "rebalancing": False,
        "rebalancing_count": 1,
        "in_recovery": False,
        "tables": SimpleNamespace(changelog_topics={CHANGELOG.topic}),
        "consumer": consumer,
    }
    return SimpleNamespace(**(told | fields))


async def one_look(app: Any, acks: Acks, progress: Progress, metrics: Metrics) -> None:
    task = asyncio.create_task(watch(app, acks, progress, metrics))
    while not progress.beat:  # noqa: ASYNC110
        await asyncio.sleep(0)
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def lag(metrics: Metrics, tp: TP) -> float | None:
    labels = {"topic": tp.topic, "partition": str(tp.partition)}
    return metrics.registry.get_sample_value("tocsin_consumer_lag_messages", labels)


async def test_lag_is_what_is_not_acknowledged_and_changelogs_have_none() -> None:
    metrics, progress = Metrics(), Progress()
    acks = Acks(metrics)
    await one_look(app_with(Consumer()), acks, progress, metrics)
    assert lag(metrics, DOCUMENTS) == 7
    assert lag(metrics, CHANGELOG) is None
    assert progress.starting is None
    # What was acknowledged counts, not what was fetched.
    acks.positions[DOCUMENTS.topic, DOCUMENTS.partition] = 9
    progress.beat = 0
    await one_look(app_with(Consumer()), acks, progress, metrics)
    assert lag(metrics, DOCUMENTS) == 1


async def test_a_worker_that_joins_or_recovers_says_so_and_tells_no_lag() -> None:
    for fields, why in (
        ({"rebalancing": True}, "joining the consumer group"),
        ({"rebalancing_count": 0}, "joining the consumer group"),
        ({"in_recovery": True}, "recovering state from the changelog"),
    ):
        metrics, progress, consumer = Metrics(), Progress(), Consumer()
        await one_look(app_with(consumer, **fields), Acks(metrics), progress, metrics)
        assert progress.starting == why
        assert consumer.looks == 0


async def test_positions_that_are_not_known_yet_tell_nothing() -> None:
    metrics, consumer = Metrics(), Consumer()
    consumer.ends[DOCUMENTS] = None
    await one_look(app_with(consumer), Acks(metrics), Progress(), metrics)
    assert lag(metrics, DOCUMENTS) is None


async def test_a_long_batch_is_not_a_stage_that_has_stopped() -> None:
    metrics, progress = Metrics(), Progress()
    acks, app = Acks(metrics), app_with(Consumer())
    await one_look(app, acks, progress, metrics)
    watchdog = Watchdog(progress)
    watchdog.look({DOCUMENTS.topic: 7}, acks.steps, 0.0)
    acks.step(DOCUMENTS.topic)
    watchdog.look({DOCUMENTS.topic: 7}, acks.steps, 50.0)
    assert healthy(progress, 100.0).ok
    watchdog.look({DOCUMENTS.topic: 7}, acks.steps, 60.0)
    assert not healthy(progress, 121.0).ok
