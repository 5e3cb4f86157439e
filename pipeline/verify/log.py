"""Reading topics from end to end: a quick consumer outside any group, between offsets taken beforehand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pipeline.errors import TocsinError
from pipeline.kafka_client import aiokafka_options, connect_admin
from pipeline.settings import Settings
from pipeline.topics import MAX_RECORD_BYTES, TopicName, run_prefix, topic_name

Record = Any
"""An `aiokafka.ConsumerRecord`."""
Spans = dict[int, tuple[int, int]]
"""By partition: first offset that the broker still has, and one past the last."""

_PATIENCE = 30.0
"""Seconds without a record, before the end, after which the broker is taken to be gone."""


class TopicLogs:
    """The topics of one run, for reading only. Use it as a context manager.

    Raises:
        TocsinError: no broker answers, or it stops answering.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._consumer: Any = None
        self._admin: Any = None

    def __enter__(self) -> TopicLogs:
        connect_admin(self._settings.broker).close()  # says which setting is wrong where no broker answers
        self._run(self._connect())
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.run_until_complete(self._disconnect())
        self._loop.close()

    async def _connect(self) -> None:
        from aiokafka import AIOKafkaConsumer
        from aiokafka.admin import AIOKafkaAdminClient

        options = aiokafka_options(self._settings.broker)
        self._consumer = AIOKafkaConsumer(
            **options, enable_auto_commit=False, max_partition_fetch_bytes=MAX_RECORD_BYTES
        )
        self._admin = AIOKafkaAdminClient(**options)
        await self._consumer.start()
        await self._admin.start()

    async def _disconnect(self) -> None:
        await self._consumer.stop()
        await self._admin.close()

    def name(self, topic: TopicName) -> str:
        """Full name of a topic."""
        return topic_name(self._settings, topic)

    def spans(self, topic: TopicName) -> Spans:
        """What the broker holds of a topic now; nothing where the topic does not exist."""
        return self._run(self._spans(self.name(topic)))  # type: ignore[no-any-return]

    async def _spans(self, name: str) -> Spans:
        from aiokafka import TopicPartition

        if name not in await self._admin.list_topics():
            return {}
        [told] = await self._admin.describe_topics([name])
        partitions = [TopicPartition(name, each["partition"]) for each in told["partitions"]]
        begins = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        return {tp.partition: (begins[tp], ends[tp]) for tp in sorted(partitions)}

    def acknowledged(self) -> dict[tuple[str, int], int]:
        """Offset up to which the run's workers have done their work, by full topic name and partition."""
        return self._run(self._acknowledged())  # type: ignore[no-any-return]

    async def _acknowledged(self) -> dict[tuple[str, int], int]:
        from aiokafka.errors import KafkaError

        try:
            group = run_prefix(self._settings).removesuffix(".")
            offsets = await self._admin.list_consumer_group_offsets(group)
            return {(tp.topic, tp.partition): at.offset for tp, at in offsets.items() if at.offset >= 0}
        except KafkaError:  # a broker that keeps no groups: what is evident from the topics must do
            return {}

    def read(self, topic: TopicName, spans: Spans) -> Iterator[Record]:
        """Every record of the spans, those of one partition in order."""
        name = self.name(topic)
        left = {partition: end for partition, (begin, end) in spans.items() if begin < end}
        self._run(self._assign(name, {p: spans[p][0] for p in left}))
        while left:
            for records in self._run(self._poll(name, left)):
                for record in records:
                    if record.offset < spans[record.partition][1]:
                        yield record

    async def _assign(self, name: str, begins: dict[int, int]) -> None:
        from aiokafka import TopicPartition

        self._consumer.assign([TopicPartition(name, partition) for partition in begins])
        for partition, begin in begins.items():
            self._consumer.seek(TopicPartition(name, partition), begin)

    async def _poll(self, name: str, left: dict[int, int]) -> list[list[Record]]:
        from aiokafka import TopicPartition

        deadline = self._loop.time() + _PATIENCE
        while self._loop.time() < deadline:
            fetched = await self._consumer.getmany(timeout_ms=500, max_records=10_000)
            moved = False
            for tp in [TopicPartition(name, partition) for partition in left]:
                # The last offsets may hold marks of a transaction, which are no records.
                if await self._consumer.position(tp) >= left[tp.partition]:
                    del left[tp.partition]
                    self._consumer.pause(tp)
                    moved = True
            if fetched or moved:
                return list(fetched.values())
        raise TocsinError(
            f"the broker at {self._settings.broker.servers} says that {name} goes on to offset "
            f"{max(left.values())} and sent nothing for {_PATIENCE:.0f} s. Is it still there?"
        )

    def at(self, topic: TopicName, partition: int, offset: int) -> Record | None:
        """The record at one offset; None where there is none."""
        found = next(iter(self.read(topic, {partition: (offset, offset + 1)})), None)
        return found if found is not None and found.offset == offset else None

    def _run(self, call: Any) -> Any:
        from aiokafka.errors import KafkaError

        try:
            return self._loop.run_until_complete(call)
        except KafkaError as error:
            with suppress(AttributeError):
                call.close()
            raise TocsinError(
                f"the broker at {self._settings.broker.servers} does not answer: {error}"
            ) from error
