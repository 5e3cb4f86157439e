"""A run on a broker of its own: documents in, workers on them, and what they take in time and memory."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import msgspec
import psutil
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from pipeline.broker import start_broker
from pipeline.records import Document, Tally
from pipeline.replay.child import WORKER, WorkerProcess, worker_process
from pipeline.settings import (
    BrokerSettings,
    HttpSettings,
    ModelSettings,
    Settings,
    StoreSettings,
    TopicSettings,
)
from pipeline.tally import rows_of
from pipeline.topics import TopicName, create, topic_name

_LOOK = 0.1
_FAMILY_EVERY = 20
_tallies = msgspec.json.Decoder(Tally)


class Usage:
    """Processor seconds and memory of some processes and their children, looked at ten times a second."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._heads = [psutil.Process(pid) for pid in pids]
        self._groups = [_family(head) for head in self._heads]
        self._looks: list[tuple[float, list[float]]] = []
        self.peak = [0] * len(pids)
        """Greatest resident memory of each process, bytes."""
        self._stopped = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Usage:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK):
            used = []
            if len(self._looks) % _FAMILY_EVERY == 0:  # a guard has yet to start what it guards
                self._groups = [_family(head) for head in self._heads if head.is_running()]
            for number, group in enumerate(self._groups):
                try:
                    times = [process.cpu_times() for process in group]
                    memory = sum(process.memory_info().rss for process in group)
                except psutil.NoSuchProcess:
                    return
                used.append(sum(each.user + each.system for each in times))
                self.peak[number] = max(self.peak[number], memory)
            self._looks.append((time.time(), used))

    def seconds(self, start: float, end: float) -> list[float]:
        """Processor seconds of each process between two moments (unix seconds)."""
        before = min(self._looks, key=lambda look: abs(look[0] - start))
        after = min(self._looks, key=lambda look: abs(look[0] - end))
        return [late - early for early, late in zip(before[1], after[1], strict=True)]


class Load:
    """Publishes documents to a run and reads when they came, were scored and were tallied."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = KafkaProducer(bootstrap_servers=settings.broker.servers, linger_ms=5)
        names: tuple[TopicName, ...] = ("documents", "scored", "tallies")
        self._consumers = {name: self._consumer(name) for name in names}
        self._scored: dict[tuple[int, int], int] = {}

    def _consumer(self, name: TopicName) -> KafkaConsumer:
        consumer = KafkaConsumer(bootstrap_servers=self._settings.broker.servers, enable_auto_commit=False)
        topic = topic_name(self._settings, name)
        partitions = [TopicPartition(topic, p) for p in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        return consumer

    def publish(self, batch: Sequence[Document], rate: float | None = None) -> None:
        """Publish at `rate` documents a second, or as fast as it goes."""
        topic = topic_name(self._settings, "documents")
        began = time.monotonic()
        for n, document in enumerate(batch):
            if rate is not None and (wait := began + n / rate - time.monotonic()) > 0:
                time.sleep(wait)
            self._producer.send(topic, msgspec.json.encode(document), key=document.id.encode())
        self._producer.flush()

    def tallied(self, count: int, workers: Sequence[WorkerProcess]) -> list[tuple[float, int]]:
        """Broker's clock (unix seconds) and new documents of each tally, until `count` are counted."""
        told: list[tuple[float, int]] = []
        ends: dict[int, int] = {}
        while sum(new for _, new in told) < count:
            for record in self._poll("tallies", workers):
                tally = _tallies.decode(record.value)
                # A rebalance has some documents classified twice.
                new = tally.documents if tally.start >= ends.get(tally.partition, 0) else 0
                if not new and tally.documents:
                    offsets = rows_of(tally)["offset"]
                    new = int((offsets >= ends.get(tally.partition, 0)).sum())
                ends[tally.partition] = max(ends.get(tally.partition, 0), tally.end)
                told.append((record.timestamp / 1000, new))
        return told

    def latencies(self, count: int, workers: Sequence[WorkerProcess]) -> list[float]:
        """Seconds from each of the next `count` documents' arrival to that of its score."""
        arrived: dict[tuple[int, int], int] = {}
        while len(arrived) < count:
            for record in self._poll("documents", workers):
                arrived[record.partition, record.offset] = record.timestamp
        waiting = set(arrived) - self._scored.keys()
        while waiting:
            for record in self._poll("scored", workers):
                place = msgspec.json.decode(record.value, type=_Place)
                self._scored.setdefault((place.partition, place.offset), record.timestamp)
                waiting.discard((place.partition, place.offset))
        return [(self._scored[origin] - at) / 1000 for origin, at in arrived.items()]

    def _poll(self, name: TopicName, workers: Sequence[WorkerProcess]) -> list[Any]:
        for worker in workers:
            worker.check()
        fetched = self._consumers[name].poll(timeout_ms=200).values()
        return [record for records in fetched for record in records]

    def close(self) -> None:
        """Disconnect."""
        self._producer.close()
        for consumer in self._consumers.values():
            consumer.close()


class _Place(msgspec.Struct):
    partition: int
    offset: int


@contextmanager
def broker_of_its_own(folder: Path) -> Iterator[str]:
    """An Apache Kafka on loopback; its address."""
    with start_broker("kafka", folder / "broker") as broker:
        yield broker.servers


def run_settings(folder: Path, servers: str, run: str, partitions: int, threads: int) -> Settings:
    """Settings of one measured run, its topics made."""
    settings = Settings(
        run=run,
        state_dir=folder,
        broker=BrokerSettings(servers=servers),
        topics=TopicSettings(partitions=partitions),
        model=ModelSettings(threads=threads),
        store=StoreSettings(url=f"sqlite:///{folder}/{run}.db"),
        http=HttpSettings(port=0),
    )
    create(settings)
    return settings


@contextmanager
def some_workers(
    settings: Settings, count: int, command: tuple[str, ...] = WORKER
) -> Iterator[list[WorkerProcess]]:
    """Workers of one run, each with a state folder of its own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                worker_process(
                    settings.model_copy(update={"state_dir": settings.state_dir / f"worker-{number}"}),
                    command,
                )
            )
            for number in range(count)
        ]


def _family(process: psutil.Process) -> list[psutil.Process]:
    """A process and what it has started: workers and brokers run under a guard."""
    return [process, *process.children(recursive=True)]


def children() -> list[int]:
    """Processes that this one started and that run."""
    return [child.pid for child in psutil.Process(os.getpid()).children()]
