"""Documents a second through Kafka beside the classifier alone, latency, scaling and memory, in one run.

    python benchmarks/pipeline.py [--documents 8000] [--seconds 20] [--workers 1,2,4] [--json]

Starts an Apache Kafka and workers of its own on loopback and stops them; `alone` is the same classifier on
the same texts in this process. Times are the broker's append times: a document's latency is from its arrival
in `documents` to the arrival of its score in `scored`. Broker, workers and benchmark share the machine, so
documents a second say more of the machine than of the pipeline; what the pipeline costs on top of the
classifier is told in processor time a document, which other load disturbs less:

    overhead = (processor seconds of the workers) / (processor seconds of the classifier alone) - 1

The rows `shell` run the same pipeline with a classifier that costs nothing: what one worker can carry for a
GPU. Each is measured between a tenth and nine tenths of its documents.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.load import Load, Usage, broker_of_its_own, children, run_settings, some_workers
from benchmarks.machine import machine
from models.data import data_folder, read_set
from models.errors import ModelError
from models.serving.classifier import Classifier
from models.text import model_input
from pipeline.demo.feed import read_feed
from pipeline.records import Document
from pipeline.replay.child import WORKER

_START = datetime(2023, 3, 1, tzinfo=UTC)
_WARM_UP = 500
_BATCH = 256
_SHELL = (sys.executable, "-m", "tests.worker.keyword_worker")
_LATENCY = (50, 90, 99)


def texts() -> list[str]:
    """Distinct texts: Financial PhraseBank where TOCSIN_DATA has it, else the demo's feed."""
    try:
        return [example.text for example, _ in read_set(data_folder(), "fpb")]
    except (ModelError, OSError):
        print("TOCSIN_DATA holds no Financial PhraseBank: the demo's feed is used instead", file=sys.stderr)
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


def alone(sample: Sequence[str], count: int, threads: int) -> dict[str, float]:
    """The classifier in this process, in batches as large as the pipeline's largest."""
    classifier = Classifier.load(backend="onnx", cache=0, threads=threads)
    inputs = [model_input(each.title) for each in documents(sample, 0, count)]
    classifier.classify(inputs[:_WARM_UP])
    began, used = time.perf_counter(), _processor()
    for start in range(0, count, _BATCH):
        classifier.classify(inputs[start : start + _BATCH])
    return {
        "documents_per_second": count / (time.perf_counter() - began),
        "milliseconds_of_processor_per_document": 1000 * (_processor() - used) / count,
    }


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Bench:
    """Runs on one broker, one after the other."""

    def __init__(self, folder: Path, servers: str, sample: Sequence[str]) -> None:
        self._folder, self._servers, self._sample = folder, servers, sample
        self._broker = children()

    def run(
        self,
        name: str,
        *,
        workers: int,
        partitions: int,
        threads: int,
        count: int,
        seconds: float,
        command: tuple[str, ...] = WORKER,
    ) -> dict[str, Any]:
        """One run: throughput of `count` documents, then latency at half of that for some seconds."""
        settings = run_settings(self._folder, self._servers, name, partitions, threads)
        load = Load(settings)
        # All is there before a worker starts, so that publishing takes nothing from it.
        load.publish(documents(self._sample, 0, count))
        before = set(children())
        with some_workers(settings, workers, command) as running:
            pids = [pid for pid in children() if pid not in before]
            with Usage([*self._broker, *pids]) as usage:
                told = load.tallied(count, running)
                start, end, done = middle(told)
                used = usage.seconds(start, end)
                rate = done / (end - start)
                figures: dict[str, Any] = {
                    "workers": workers,
                    "partitions": partitions,
                    "threads_per_worker": threads or os.cpu_count(),
                    "documents_per_second": round(rate),
                    "milliseconds_of_processor_per_document": round(
                        1000 * sum(used[len(self._broker) :]) / done, 3
                    ),
                    "milliseconds_of_broker_per_document": round(
                        1000 * sum(used[: len(self._broker)]) / done, 3
                    ),
                }
                load.latencies(count, running)
                if seconds:
                    half = documents(self._sample, count, max(50, int(rate / 2 * seconds)))
                    load.publish(half, rate / 2)
                    latencies = load.latencies(len(half), running)
                    figures["half_load_documents_per_second"] = round(rate / 2)
                    for share in _LATENCY:
                        figures[f"latency_p{share}_seconds"] = round(percentile(latencies, share), 3)
                peak = usage.peak[len(self._broker) :]
                figures["worker_peak_megabytes"] = [round(each / 2**20) for each in peak]
        load.close()
        print(f"{name}: {json.dumps(figures)}", file=sys.stderr)
        return figures


def middle(told: Sequence[tuple[float, int]]) -> tuple[float, float, int]:
    """When a tenth and when nine tenths of the documents were tallied, and how many came between."""
    ordered = sorted(told)
    total = sum(count for _, count in ordered)
    seen, first, last, counted = 0, ordered[0][0], ordered[-1][0], 0
    started = False
    for at, count in ordered:
        seen += count
        if not started and seen >= total / 10:
            first, counted, started = at, 0, True
            continue
        counted += count
        if seen >= total * 9 / 10:
            last = at
            break
    return first, max(last, first + 1e-3), max(counted, 1)


def percentile(values: Sequence[float], share: int) -> float:
    """The value that `share` percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)]


def measure(count: int, seconds: float, workers: Sequence[int]) -> dict[str, Any]:
    """Run everything once; figures by name."""
    sample = texts()
    figures: dict[str, Any] = {"machine": machine(), "load_average": os.getloadavg(), "documents": count}
    with (
        tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder,
        broker_of_its_own(Path(folder)) as servers,
    ):
        bench = Bench(Path(folder), servers, sample)
        bare = alone(sample, count, 0)
        whole = bench.run("whole", workers=1, partitions=4, threads=0, count=count, seconds=seconds)
        again = alone(sample, count, 0)
        cost = "milliseconds_of_processor_per_document"
        # Before and after, since other load comes and goes.
        least = {name: (bare[name] + again[name]) / 2 for name in bare}
        figures["classifier_alone"] = {name: round(figure, 3) for name, figure in least.items()}
        figures["through_kafka"] = whole
        figures["overhead"] = round(whole[cost] / least[cost] - 1, 3)
        figures["speed_to_classifier_alone"] = round(
            whole["documents_per_second"] / least["documents_per_second"], 3
        )
        figures["scaling"] = [
            bench.run(f"n{n}", workers=n, partitions=n, threads=1, count=count, seconds=seconds)
            for n in workers
        ]
        figures["shell"] = [
            bench.run(
                f"shell{n}", workers=n, partitions=n, threads=1, count=4 * count, seconds=0, command=_SHELL
            )
            for n in workers
        ]
    return figures


def show(figures: dict[str, Any], indent: str = "") -> None:
    """Print figures for people."""
    for name, figure in figures.items():
        if isinstance(figure, list) and figure and isinstance(figure[0], dict):
            for each in figure:
                print(f"{indent}{name}")
                show(each, indent + "  ")
        elif isinstance(figure, dict):
            print(f"{indent}{name}")
            show(figure, indent + "  ")
        else:
            print(f"{indent}{name.replace('_', ' '):42} {figure}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=8_000, help="documents of each run")
    parser.add_argument("--seconds", type=float, default=20, help="how long half the load lasts")
    parser.add_argument("--workers", default="1,2,4", help="workers, and partitions, of the runs that scale")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    counts = [int(each) for each in options.workers.split(",")]
    measured = measure(options.documents, options.seconds, counts)
    print(json.dumps(measured)) if options.json else show(measured)
