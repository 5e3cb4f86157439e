"""A rebalance before the first commit must not lose what was fetched until then."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import IllegalStateError
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as driver
from hypothesis import given
from hypothesis import strategies as st

from pipeline.worker.consumer import Consumer, _ConsumerThread

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
    thread.consumer = SimpleNamespace(resumed={})
    thread.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"app-changelog"}))

    async def call_thread(call: Any, *arguments: Any) -> Any:
        return await call(*arguments)

    thread.call_thread = call_thread
    await thread.seek_to_committed()
    # The changelog's position is the recovery's own affair.
    assert client.positions == {COMMITTED: 40, FRESH: 7, CHANGELOG: 100}
    assert thread.consumer.resumed[COMMITTED] == 40
    assert thread.consumer.resumed[FRESH] == 7


@given(st.lists(st.lists(st.integers(40, 90), max_size=6), max_size=8))
def test_what_is_committed_is_all_up_to_the_last_that_is_done(rounds: list[list[int]]) -> None:
    consumer = _committing()
    done = 40
    for acknowledged in rounds:
        for offset in acknowledged:
            consumer.ack(SimpleNamespace(acked=False, tp=COMMITTED, topic="documents", offset=offset))
        done = max([done, *(offset + 1 for offset in acknowledged)])
        offset = consumer._new_offset(COMMITTED)
        assert (offset is not None and consumer._should_commit(COMMITTED, offset)) is (done > 40)
        assert offset is None or offset == done


def test_a_commit_that_did_not_come_about_is_made_up_for_without_another_record() -> None:
    consumer = _committing()
    consumer.ack(SimpleNamespace(acked=False, tp=COMMITTED, topic="documents", offset=44))
    for _ in range(2):
        assert consumer._filter_committable_offsets([COMMITTED]) == {COMMITTED: 45}
    consumer._committed_offset[COMMITTED] = 45
    assert consumer._filter_committable_offsets([COMMITTED]) == {}


async def test_what_was_done_of_a_partition_is_forgotten_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Any, revoked: set[TopicPartition]) -> None:
        self._acked.clear()

    monkeypatch.setattr(driver.Consumer, "on_partitions_revoked", nothing)
    consumer = _committing()
    consumer.ack(SimpleNamespace(acked=False, tp=COMMITTED, topic="documents", offset=44))
    assert consumer._new_offset(COMMITTED) == 45
    await consumer.on_partitions_revoked({COMMITTED})
    assert consumer._new_offset(COMMITTED) is None


def _committing() -> Any:
    """Make a consumer of which 40 was committed."""
    consumer: Any = Consumer.__new__(Consumer)
    consumer.app = SimpleNamespace(topics=SimpleNamespace(acks_enabled_for=lambda topic: True))
    consumer._committed_offset, consumer._acked = {COMMITTED: 40}, defaultdict(list)
    consumer._acked_index = defaultdict(set)
    consumer._unacked_messages = SimpleNamespace(discard=lambda message: None)
    consumer._waiting_for_ack, consumer._n_acked, consumer._done = None, 0, {}
    return consumer


async def test_what_was_thrown_away_in_a_rebalance_is_handed_out_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = _reading(monkeypatch, [(5, 8), (6, 8), (7, 8), (3, 6), (4, 6), (5, 6)])
    assert await _handed(consumer) == [5, 6, 7, 3, 4, 5]


async def test_what_was_fetched_before_the_consumer_was_sent_back_comes_when_it_comes_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # After 5 a rebalance sends the client back to 3: the rest of that fetch is not handed out before it.
    consumer = _reading(monkeypatch, [(5, 8), (6, 3), (7, 3), (3, 8), (4, 8), (5, 8), (6, 8), (7, 8)])
    assert await _handed(consumer) == [5, 3, 4, 5, 6, 7]


async def test_what_is_no_longer_ours_is_not_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await _handed(_reading(monkeypatch, [(5, 8), (6, None), (7, None)])) == [5]


async def test_the_position_is_told_only_of_partitions_that_are_ours() -> None:
    state = SubscriptionState()
    state.subscribe({"documents"})
    thread: Any = _ConsumerThread.__new__(_ConsumerThread)
    thread._consumer = SimpleNamespace(_subscription=state)
    assert thread.position_now(COMMITTED) is None
    state.assign_from_subscribed({COMMITTED})
    assert thread.position_now(COMMITTED) is None
    state.seek(COMMITTED, 40)
    assert thread.position_now(COMMITTED) == 40
    assert thread.position_now(TopicPartition("scored", 0)) is None


def _reading(monkeypatch: pytest.MonkeyPatch, records: list[tuple[int, int | None]]) -> Any:
    """A consumer that has read up to 3 and gets these offsets; with each, where its client is by then."""
    consumer: Any = Consumer.__new__(Consumer)

    async def fetched(self: Any, seconds: float) -> Any:
        for offset, position in records:
            consumer._thread = SimpleNamespace(position_now=lambda tp, at=position: at)
            yield COMMITTED, SimpleNamespace(offset=offset)

    monkeypatch.setattr(driver.Consumer, "getmany", fetched)
    consumer._read_offset = {COMMITTED: 3}
    return consumer


async def _handed(consumer: Any) -> list[int]:
    handed = []
    async for _, message in consumer.getmany(1.0):
        # As Faust does: below the offset that was read last, a record is dropped.
        if message.offset >= consumer._read_offset[COMMITTED]:
            handed.append(message.offset)
            consumer._read_offset[COMMITTED] = message.offset
    return handed
