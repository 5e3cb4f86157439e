"""The stage that writes topics into SQL: acknowledged once the database has it, waiting while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from pipeline.records import ScoredDocument
from pipeline.store import Store, StoreUnavailable
from pipeline.worker.acks import Acks
from pipeline.worker.metrics import Metrics
from pipeline.worker.store import StoreTopic
from tests.records import document

TOPIC = "tocsin.scored"


class Stream:
    """Some events, as Faust hands them out, and then no more."""

    def __init__(self, values: Sequence[bytes | None]) -> None:
        self.acked: list[int] = []
        self.all_acked = asyncio.Event()
        self._values = values

    def noack(self) -> Stream:
        return self

    async def events(self) -> Any:
        for offset, value in enumerate(self._values):
            message = SimpleNamespace(topic=TOPIC, partition=0, offset=offset, tp=(TOPIC, 0))
            yield SimpleNamespace(value=value, message=message, ack=lambda at=offset: self._ack(at))
        await self.all_acked.wait()

    def _ack(self, offset: int) -> None:
        self.acked.append(offset)
        if len(self.acked) == len(self._values):
            self.all_acked.set()


class Crashed:
    """Stands for the app, which a stage stops on an error of its own."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.consumer = SimpleNamespace(resumed={})

    async def crash(self, error: BaseException) -> None:
        self.error = error


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/store.db") as opened:
        yield opened


async def run(write: Any, values: Sequence[bytes | None]) -> tuple[Stream, Metrics, Acks, Crashed]:
    metrics, app = Metrics(), Crashed()
    acks, stream = Acks(metrics), Stream(values)
    with ThreadPoolExecutor(1) as thread:
        stage = StoreTopic(app, ScoredDocument, write, thread, acks, metrics)  # type: ignore[arg-type]
        await stage.run(stream)
    return stream, metrics, acks, app


def told(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"tocsin_{name}", labels)


async def test_what_is_acknowledged_is_in_the_database(store: Store) -> None:
    documents = [document(id=f"d{n}", offset=n) for n in range(5)]
    # The end mark of a replay has no value.
    stream, metrics, acks, _ = await run(store.write_documents, [*map(msgspec.json.encode, documents), None])
    assert stream.acked == list(range(6))
    assert store.documents("live") == documents
    assert acks.finished[TOPIC] == 6
    assert acks.positions[TOPIC, 0] == 6
    assert told(metrics, "stored_records_total", kind="ScoredDocument") == 5


async def test_a_database_that_is_away_holds_the_acknowledgement_up(store: Store) -> None:
    tries: list[list[int]] = []
    stream_of: list[Stream] = []

    def write(documents: Sequence[ScoredDocument]) -> None:
        tries.append([each for stream in stream_of for each in stream.acked])
        if len(tries) == 1:
            raise StoreUnavailable("the database is away")
        store.write_documents(documents)

    stream, metrics, _, _ = await run(write, [msgspec.json.encode(document())])
    assert len(tries) == 2
    assert stream.acked == [0]
    assert store.counts("live").documents == 1
    assert told(metrics, "store_errors_total") == 1
    assert metrics.waits.reasons == {}


async def test_an_error_of_our_own_stops_the_worker_and_acknowledges_nothing() -> None:
    def write(documents: Sequence[ScoredDocument]) -> None:
        raise ValueError("no such column")

    metrics, app, stream = Metrics(), Crashed(), Stream([msgspec.json.encode(document())])
    with ThreadPoolExecutor(1) as thread:
        stage = StoreTopic(app, ScoredDocument, write, thread, Acks(metrics), metrics)  # type: ignore[arg-type]
        with pytest.raises(BaseExceptionGroup):
            await stage.run(stream)
    assert stream.acked == []
    assert app.error is not None
