from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import CollectorRegistry, Gauge

from pipeline.worker import publish
from pipeline.worker.publish import Outgoing, Publisher
from pipeline.worker.waits import Waits


class FakeProducer:
    """Loses as many batches as it is told, then keeps what it gets."""

    failures = 0
    sent: ClassVar[list[tuple[str, bytes | None]]] = []

    def __init__(self, **options: Any) -> None:
        assert options["acks"] == "all"

    async def start(self) -> None:
        if FakeProducer.failures > 3:
            FakeProducer.failures -= 1
            raise KafkaConnectionError("no broker")

    async def stop(self) -> None:
        """Nothing to stop."""

    async def send(self, topic: str, value: bytes | None, **_: Any) -> asyncio.Future[None]:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if FakeProducer.failures:
            FakeProducer.failures -= 1
            answer.set_exception(KafkaConnectionError("gone"))
        else:
            FakeProducer.sent.append((topic, value))
            answer.set_result(None)
        return answer


def waits() -> Waits:
    return Waits(Gauge("waiting", "Waiting.", ["part"], registry=CollectorRegistry()))


@pytest.mark.parametrize("failures", [0, 1, 3, 5])
async def test_tries_until_the_broker_has_everything(failures: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(publish, "AIOKafkaProducer", FakeProducer)
    monkeypatch.setattr(publish.asyncio, "sleep", sleep)
    FakeProducer.failures, FakeProducer.sent = failures, []
    publisher = Publisher({}, waits())
    await publisher.publish([Outgoing("scored", b"1"), Outgoing("tallies", b"2")])
    assert FakeProducer.sent[-2:] == [("scored", b"1"), ("tallies", b"2")]
    assert bool(pauses) == bool(failures)
    assert pauses == sorted(pauses)
    await publisher.stop()


async def test_nothing_to_publish_needs_no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish, "AIOKafkaProducer", None)
    await Publisher({}, waits()).publish([])
