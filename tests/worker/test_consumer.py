"""A rebalance before the first commit must not lose what was fetched until then."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from intervaltree import IntervalTree

from pipeline.worker.consumer import _Consumer, _ConsumerThread

COMMITTED = TopicPartition("documents", 0)
FRESH = TopicPartition("documents", 1)
GONE = TopicPartition("scored", 0)
CHANGELOG = TopicPartition("app-changelog", 0)


class Client:
    """What aiokafka does: it goes back only where something was committed."""

    def __init__(self) -> None:
        self.positions = dict.fromkeys((COMMITTED, FRESH, CHANGELOG), 100)

    async def seek_to_committed(self) -> dict[TopicPartition, int | None]:
        self.positions[COMMITTED] = 40
        return {COMMITTED: 40, FRESH: None, GONE: None, CHANGELOG: None}

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 7)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition == GONE:
            raise IllegalStateError("not assigned")
        self.positions[partition] = offset


async def test_goes_back_to_the_start_where_nothing_was_committed() -> None:
    client = Client()
    thread: Any = _ConsumerThread.__new__(_ConsumerThread)
    thread._consumer = client
    thread.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"app-changelog"}))

    async def call_thread(call: Any, *arguments: Any) -> Any:
        return await call(*arguments)

    thread.call_thread = call_thread
    await thread.seek_to_committed()
    # The changelog's position is the recovery's own affair.
    assert client.positions == {COMMITTED: 40, FRESH: 7, CHANGELOG: 100}


async def test_what_is_read_again_is_not_committed_before_it_has_been_worked_on() -> None:
    async def nowhere(partition: TopicPartition, offset: int) -> None:
        pass

    consumer: Any = _Consumer.__new__(_Consumer)
    consumer.log = SimpleNamespace(dev=lambda *_: None)
    consumer._gap, consumer._read_offset = defaultdict(IntervalTree), {}
    consumer._committed_offset, consumer._acked = {COMMITTED: 40}, defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._seek = nowhere
    # 40 to 69 were left out, and Faust believes that no record has these offsets.
    await consumer._add_gap(COMMITTED, 40, 69)
    await consumer.seek(COMMITTED, 40)
    consumer._acked[COMMITTED] = [40, 41, 42]
    assert consumer._new_offset(COMMITTED) == 43


async def test_what_was_thrown_away_in_a_rebalance_is_handed_out_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fetched(self: Any, seconds: float) -> Any:
        for offset in (5, 6, 7, 3, 4, 5):
            yield COMMITTED, SimpleNamespace(offset=offset)

    monkeypatch.setattr(driver.Consumer, "getmany", fetched)
    consumer: Any = _Consumer.__new__(_Consumer)
    consumer._read_offset, consumer._gap = {COMMITTED: 3}, {}
    handed = []
    async for _, message in consumer.getmany(1.0):
        # As Faust does: below the offset that was read last, a record is dropped.
        if message.offset >= consumer._read_offset[COMMITTED]:
            handed.append(message.offset)
            consumer._read_offset[COMMITTED] = message.offset
    assert handed == [5, 6, 7, 3, 4, 5]
