"""Faust's Kafka consumer, mended where it loses records."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

import faust
from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    async def seek_to_committed(self) -> Mapping[Any, int]:
        """Go back to where each partition was acknowledged up to: to its start where nothing was yet.

        A rebalance makes Faust drop what it has fetched and come here to read it again. The client leaves a
        partition without a committed offset where it is, after the dropped records: they would never be read,
        and the offsets after them be committed.
        """
        committed: Mapping[Any, int] = await super().seek_to_committed()
        changelogs = self.app.tables.changelog_topics
        fresh = [each for each, offset in committed.items() if not offset and each.topic not in changelogs]
        if fresh:
            await self.call_thread(self._seek_to_start, fresh)
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

    async def _seek_to_start(self, partitions: list[Any]) -> None:
        client = self._ensure_consumer()
        # Not `seek_to_beginning`, which waits until the client has found its way there.
        for partition, offset in (await client.beginning_offsets(partitions)).items():
            with contextlib.suppress(IllegalStateError):  # no longer ours
                client.seek(partition, offset)


class _Consumer(driver.Consumer):
    _thread: _ConsumerThread

    async def seek(self, partition: Any, offset: int) -> None:
        """Go to an offset; what is read again from there has to be acknowledged again.

        Faust takes offsets that it misses for ones that never were, and commits over them: those that we go
        back for must not be committed before they have been worked on.
        """
        self._gap.pop(partition, None)
        await super().seek(partition, offset)

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
                self._gap.pop(partition, None)
            yield partition, message

    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)


class _Transport(driver.Transport):
    Consumer = _Consumer


class App(faust.App):
    """A Faust app that reads every record of a partition, a rebalance before the first commit included."""

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)
