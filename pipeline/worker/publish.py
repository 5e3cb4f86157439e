"""Publishing in batches: records go out together, and are durable before anything is acknowledged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.worker.waits import Waits

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 10.0
"""Seconds between two tries to publish, at most."""


@dataclass(frozen=True)
class Outgoing:
    """One record to publish."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int | None = None
    headers: Sequence[tuple[str, bytes]] = field(default_factory=tuple)


class Publisher:
    """Publishes batches of records; a batch is durable on the broker when `publish` returns.

    `options` are those of `AIOKafkaProducer`. It connects at the first batch, for it needs a running loop.
    """

    def __init__(self, options: Mapping[str, Any], waits: Waits) -> None:
        # No idempotent producer: readers tell a second copy by its key, and brokers that lack it do as well.
        self._options = {**options, "acks": "all"}
        self._waits = waits
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def stop(self) -> None:
        """Flush and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    async def _connected(self) -> AIOKafkaProducer:
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._options)
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
        return self._producer

    async def publish(self, records: Iterable[Outgoing]) -> None:
        """Send every record and wait until the broker has them all.

        Tries again for as long as it takes: the input is not acknowledged meanwhile, so that a broker that is
        away makes consumer lag and not loss. A second try may publish a record twice; whoever reads these
        topics tells records apart by their key.
        """
        batch = list(records)
        pause = 0.2
        with self._waits.on("broker") as wait:
            while batch:
                try:
                    await self._send(batch)
                except KafkaError as error:
                    wait.begin(f"the broker does not take what is published: {error}")
                    log.warning("could not publish %d records, trying again: %s", len(batch), error)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, _LONGEST_PAUSE)
                else:
                    return

    async def _send(self, batch: list[Outgoing]) -> None:
        producer = await self._connected()
        sent = [
            await producer.send(
                record.topic,
                record.value,
                key=record.key,
                partition=record.partition,
                headers=list(record.headers),
            )
            for record in batch
        ]
        await asyncio.gather(*sent)
