"""Documents a second through Kafka beside the classifier alone, and latency at half that load.

    python benchmarks/pipeline.py [--documents 20000] [--seconds 20] [--partitions 4] [--json]

Starts an Apache Kafka and a worker of its own on loopback and stops them. Times are the broker's append
times: a document's latency is from its arrival in `documents` to the arrival of its score in `scored`.
Broker, worker and benchmark share the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.machine import machine
from models.data import data_folder, read_set
from models.serving.classifier import Classifier
from models.text import model_input
from pipeline.broker import start_broker
from pipeline.demo.feed import read_feed
from pipeline.records import Document, ScoredDocument, Tally
from pipeline.replay.child import WorkerProcess, worker_process
from pipeline.settings import BrokerSettings, HttpSettings, Settings, StoreSettings, TopicSettings
from pipeline.topics import TopicName, create, topic_name

_PORT = 19_464
_START = datetime(2023, 3, 1, tzinfo=UTC)
_WARM_UP = 1000
_LATENCY = (50, 90, 99)


def texts() -> list[str]:
    """Distinct texts: Financial PhraseBank where TOCSIN_DATA has it, else the demo's feed."""
    if data_folder().exists():
        return [example.text for example, _ in read_set(data_folder(), "fpb")]
    print(f"{data_folder()} is absent (TOCSIN_DATA): the demo's feed is used instead", file=sys.stderr)
    return [document.title for document in read_feed(datetime.now(UTC)).documents]


def documents(sample: Sequence[str], first: int, count: int) -> list[Document]:
    """`count` documents, no two the same: repeated texts carry their number."""
    return [
        Document(
            id=str(n),
            source="bench",
            published_at=_START + timedelta(seconds=n),
            title=sample[n % len(sample)] if n < len(sample) else f"{sample[n % len(sample)]} ({n})",
        )
        for n in range(first, first + count)
    ]


def classifier_alone(sample: Sequence[str], count: int) -> float:
    """Documents a second of the classifier in this process, in batches as large as the pipeline's largest."""
    classifier = Classifier.load(backend="onnx", cache=0)
    inputs = [model_input(each.title) for each in documents(sample, 0, count)]
    classifier.classify(inputs[:_WARM_UP])
    began = time.perf_counter()
    for start in range(0, count, 256):
        classifier.classify(inputs[start : start + 256])
    return count / (time.perf_counter() - began)


class Bench:
    """A worker of its own run, and what goes in and comes out of it."""

    def __init__(self, settings: Settings, worker: WorkerProcess) -> None:
        self._settings = settings
        self._worker = worker
        self._producer = KafkaProducer(bootstrap_servers=settings.broker.servers, linger_ms=5)
        names: tuple[TopicName, ...] = ("documents", "scored", "tallies")
        self._consumers = {name: self._consumer(name) for name in names}
        self.published = 0

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
        self.published += len(batch)

    def _read(self, name: TopicName, enough: int, count: Any) -> Iterator[Any]:
        seen = 0
        while seen < enough:
            self._worker.check()
            for records in self._consumers[name].poll(timeout_ms=200).values():
                for record in records:
                    seen += count(record)
                    yield record

    def outcome(self, count: int) -> tuple[list[int], list[int], int]:
        """Append times, ms, of the next `count` documents, of their scores, and of the last tally."""
        arrived = {
            (record.partition, record.offset): record.timestamp
            for record in self._read("documents", count, lambda _: 1)
        }
        scored: dict[tuple[int, int], int] = {}
        for record in self._read("scored", count, lambda _: 1):
            document = msgspec.json.decode(record.value, type=ScoredDocument)
            scored[document.partition, document.offset] = record.timestamp
        tallied = 0
        rows = lambda record: msgspec.json.decode(record.value, type=Tally).documents  # noqa: E731
        for record in self._read("tallies", count, rows):
            tallied = max(tallied, record.timestamp)
        origins = sorted(arrived)
        return [arrived[origin] for origin in origins], [scored[origin] for origin in origins], tallied


def await_ready(worker: WorkerProcess) -> None:
    """Wait for the worker's `/readyz`."""
    while True:
        worker.check()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/readyz"):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)


def percentile(values: Sequence[int], share: int) -> float:
    """The value that `share` percent of the values do not exceed, in seconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] / 1000


def measure(count: int, seconds: float, partitions: int) -> dict[str, Any]:
    """Run everything once; figures by name."""
    sample = texts()
    alone = classifier_alone(sample, count)
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder,
        start_broker("kafka", Path(folder) / "broker") as broker,
    ):
        settings = Settings(
            run="bench",
            state_dir=Path(folder),
            broker=BrokerSettings(servers=broker.servers),
            topics=TopicSettings(partitions=partitions),
            store=StoreSettings(url=f"sqlite:///{folder}/bench.db"),
            http=HttpSettings(port=_PORT),
        )
        create(settings)
        with worker_process(settings) as worker:
            await_ready(worker)
            bench = Bench(settings, worker)
            bench.publish(documents(sample, 0, _WARM_UP))
            bench.outcome(_WARM_UP)
            bench.publish(documents(sample, bench.published, count))
            arrived, _, tallied = bench.outcome(count)
            through = count / ((tallied - min(arrived)) / 1000)
            rate = through / 2
            load = int(rate * seconds)
            bench.publish(documents(sample, bench.published, load), rate)
            arrived, scored, _ = bench.outcome(load)
    latencies = [done - came for came, done in zip(arrived, scored, strict=True)]
    return {
        "machine": machine(),
        "documents": count,
        "partitions": partitions,
        "classifier_alone_documents_per_second": round(alone),
        "through_kafka_documents_per_second": round(through),
        "through_kafka_to_classifier_alone": round(through / alone, 3),
        "half_load_documents_per_second": round(rate),
        **{f"latency_p{share}_seconds": percentile(latencies, share) for share in _LATENCY},
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=20_000, help="documents for throughput")
    parser.add_argument("--seconds", type=float, default=20, help="how long half the load lasts")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    figures = measure(options.documents, options.seconds, options.partitions)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name.replace('_', ' '):45} {figure}")
