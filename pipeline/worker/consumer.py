"""Faust's Kafka consumer, mended where it loses records, or takes them for unread."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    consumer: Consumer

    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Go back to where each partition was acknowledged up to: to its start where nothing was yet.

        A rebalance makes Faust drop what it has fetched and come here to read it again. The client leaves a
        partition without a committed offset where it is, after the dropped records: they would never be read,
        and the offsets after them be committed.
        """
        committed: Mapping[Any, int] = await super().seek_to_committed()
        changelogs = self.app.tables.changelog_topics
        fresh = [each for each, offset in committed.items() if not offset and each.topic not in changelogs]
        starts = await self.call_thread(self._seek_to_start, fresh) if fresh else {}
        self.consumer.resumed.update(
            {each: offset or starts.get(each, 0) for each, offset in committed.items()}
        )
        return committed

    def position_now(self, partition: Any) -> int | None:
        """Offset that the client fetches next; None where the partition is not ours or that is not known.

        Read from another thread than the client's: a moment old at worst, as any answer would be.
        """
        subscription = self._ensure_consumer()._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return None
        state = subscription.assignment.state_value(partition)
        return state.position if state is not None and state.has_valid_position else None

    async def _seek_to_start(self, partitions: list[Any]) -> dict[Any, int]:
        client = self._ensure_consumer()
        # Not `seek_to_beginning`, which waits until the client has found its way there.
        starts: dict[Any, int] = await client.beginning_offsets(partitions)
        for partition, offset in starts.items():
            with contextlib.suppress(IllegalStateError):  # no longer ours
                client.seek(partition, offset)
        return starts


class Consumer(driver.Consumer):
    """Reads every record, in the order of the log, and commits what is done.

    The stages take the records of a partition in their order, and acknowledge them in it, whatever comes
    twice: so what is done is all up to the last that was acknowledged. Faust wants every single offset
    acknowledged, by all stages in one delivery, and never commits again once a rebalance has spoilt that.
    """

    _thread: _ConsumerThread

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.resumed: dict[Any, int] = {}
        """Offset at which each partition was begun, or begun again."""
        self._done: dict[Any, int] = {}

    async def on_partitions_revoked(self, revoked: set[Any]) -> None:
        """Forget what was done of partitions that another worker may have now."""
        for partition in revoked:
            self._done.pop(partition, None)
        await super().on_partitions_revoked(revoked)

    def _new_offset(self, tp: Any) -> int | None:
        """Offset up to which the partition is done; Faust commits it if it is ahead of what is committed."""
        acknowledged = self._acked[tp]
        if acknowledged:
            self._done[tp] = max(self._done.get(tp, 0), max(acknowledged) + 1)
            self._acked_index[tp].difference_update(acknowledged)
            acknowledged.clear()
        return self._done.get(tp)

    async def _add_gap(self, tp: Any, offset_from: int, offset_to: int) -> None:
        """Offsets that were passed over need no bookkeeping."""

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:  # noqa: ASYNC109
        """Hand out what is fetched, in the order of the log whenever the consumer was sent elsewhere.

        A fetch that a rebalance interrupts may end after the partition was sent back to its committed offset:
        its records lie where the client has not come again, and come again themselves. And Faust takes
        records that it throws away for read, and would leave them out when they come a second time.
        """
        async for partition, message in super().getmany(timeout):
            position = self._thread.position_now(partition)
            if position is None or position <= message.offset:
                continue
            read = self._read_offset.get(partition)
            if read is not None and message.offset < read:
                self._read_offset[partition] = message.offset
            yield partition, message

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(driver.Transport):
    Consumer = Consumer


class App(faust.App):
    """A Faust app that reads every record of a partition, a rebalance before the first commit included."""

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)
