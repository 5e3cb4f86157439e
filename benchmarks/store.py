"""Rows a second into the store, and bytes a row: what a database has to carry at a given load.

    python benchmarks/store.py [--documents 20000] [--json]

Writes scored documents and minutes through `pipeline.store`, as a worker does, into SQLite and into a
PostgreSQL of its own on loopback, then the same documents once more by COPY: what the server itself takes.
Each figure is also given as a ratio to COPY, from one run. Benchmark and server share the machine.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])

import msgspec
import psycopg
from sqlalchemy import text

from benchmarks.machine import machine
from pipeline.aggregate import Aggregate
from pipeline.records import ScoredDocument, SentimentMinute
from pipeline.settings import EventTimeSettings
from pipeline.store import Store
from pipeline.tally import tally
from tests.servers import new_database, start_postgres

_START = datetime(2023, 3, 1, tzinfo=UTC)
_BATCH = 1000
_TITLE = "Regulator closes coastal lender after depositors flee, number {n}, and rivals fall in early trading"


def documents(count: int, first: int = 0, *, run: str = "bench") -> list[ScoredDocument]:
    """Scored documents with a headline and no body, ten a second of event time."""
    return [
        ScoredDocument(
            run=run,
            id=f"wire-{n:012}",
            kind="news",
            source=f"Wire {n % 50}",
            published_at=_START + timedelta(seconds=n / 10),
            title=_TITLE.format(n=n),
            body="",
            url=f"https://news.example/{n}",
            lang="en",
            author="",
            symbols=(),
            topic=f"topic_{n % 20}",
            p_topic=0.9,
            tone="negative" if n % 3 == 0 else "neutral",
            p_negative=0.9,
            p_neutral=0.05,
            p_positive=0.05,
            score=-0.85,
            model="en@0123456789ab",
            story=hash(n) % 2**62,
            partition=n % 16,
            offset=n // 16,
        )
        for n in range(first, first + count)
    ]


def minutes(count: int) -> list[SentimentMinute]:
    """Closed minutes of 20 topics each, from the documents themselves."""
    aggregate = Aggregate("bench", 1, EventTimeSettings())
    made: list[SentimentMinute] = []
    topics = [f"topic_{n}" for n in range(20)]
    for first in range(0, count * 600, 6000):
        batch = [
            msgspec.structs.replace(document, partition=0, offset=first + place)
            for place, document in enumerate(documents(6000, first))
        ]
        made += aggregate.apply(
            tally(batch, run="bench", partition=0, start=first, end=first + 6000, topics=topics)
        )
    return made[:count]


def rate(count: int, work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor seconds of this process for one piece of work, as things a second."""
    wall, used = time.perf_counter(), _processor()
    work()
    return count / (time.perf_counter() - wall), count / max(_processor() - used, 1e-9)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def in_batches(write: Callable[[Sequence[Any]], None], rows: Sequence[Any], size: int = _BATCH) -> None:
    """Write rows as a worker does."""
    for start in range(0, len(rows), size):
        write(rows[start : start + size])


def through_store(
    url: str, rows: Sequence[ScoredDocument], closed: Sequence[SentimentMinute]
) -> dict[str, Any]:
    """Rows a second of one database: new documents, the same once more, minutes."""
    with Store.open(url) as store:
        new, new_cpu = rate(len(rows), lambda: in_batches(store.write_documents, rows))
        again, _ = rate(len(rows), lambda: in_batches(store.write_documents, rows))
        keys = sum(len(minute.rows) for minute in closed)
        minute_rows, _ = rate(keys, lambda: in_batches(store.write_sentiment, closed, 50))
    return {
        "documents_per_second": round(new),
        "documents_per_client_cpu_second": round(new_cpu),
        "repeated_documents_per_second": round(again),
        "sentiment_rows_per_second": round(minute_rows),
    }


def copied(url: str, count: int) -> tuple[float, float]:
    """Documents a second by COPY into a copy of the table with its key and indexes, and bytes a document."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE copied (LIKE document INCLUDING ALL)")
        data = io.StringIO()
        with connection.cursor().copy("COPY document TO STDOUT") as out:
            for piece in out:
                data.write(bytes(piece).decode())
        rows = data.getvalue()

        def work() -> None:
            with connection.cursor().copy("COPY copied FROM STDIN") as into:
                into.write(rows)
            connection.commit()

        speed, _ = rate(count, work)
        size = connection.execute("SELECT pg_total_relation_size('copied')").fetchone()
        assert size is not None
        return speed, size[0] / count


def measure(count: int) -> dict[str, Any]:
    """Run everything once; figures by name."""
    rows = documents(count)
    closed = minutes(max(20, count // 600))
    figures: dict[str, Any] = {"machine": machine(), "documents": count}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as folder:
        url = f"sqlite:///{folder}/bench.db"
        figures["sqlite"] = through_store(url, rows, closed)
        figures["sqlite"]["bytes_per_document"] = round(Path(f"{folder}/bench.db").stat().st_size / count)
    with start_postgres() as server:
        url = new_database(server)
        figures["postgresql"] = through_store(url, rows, closed)
        with Store.open(url) as store, store.reading() as connection:
            size = connection.scalar(text("SELECT pg_total_relation_size('document')"))
            minute_size = connection.scalar(text("SELECT pg_total_relation_size('sentiment')"))
            minute_rows = connection.scalar(text("SELECT count(*) FROM sentiment"))
        speed, bytes_copied = copied(url, count)
        figures["postgresql"] |= {
            "bytes_per_document": round(size / count),
            "bytes_per_sentiment_row": round(minute_size / minute_rows),
            "copy_documents_per_second": round(speed),
            "copy_bytes_per_document": round(bytes_copied),
            "store_to_copy": round(figures["postgresql"]["documents_per_second"] / speed, 3),
        }
    return figures


def show(figures: dict[str, Any], indent: str = "") -> None:
    """Print figures for people."""
    for name, figure in figures.items():
        if isinstance(figure, dict):
            print(f"{indent}{name}")
            show(figure, indent + "  ")
        else:
            told = f"{figure:,}" if isinstance(figure, int | float) else figure
            print(f"{indent}{name.replace('_', ' '):42} {told}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    measured = measure(options.documents)
    print(json.dumps(measured)) if options.json else show(measured)
