"""Documents a second that the aggregate counts from pre-classified tallies, decoding them included.

    python benchmarks/aggregate.py [--documents 400000] [--rate 20000] [--batch 512] [--json]

Headlines are those of the Reuters streams where TOCSIN_DATA has them, else made up; topics and tones are
drawn. They come from 4 partitions, out of order by up to a minute, and one in twenty twice. The floor is the
least that anything which reads tallies must do: decode their JSON and look at the rows. The ratio to it is
what to compare between machines. Seconds are those of the processor, on one core.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.machine import machine
from models.data import data_folder
from models.taxonomy import topic_ids
from pipeline.aggregate import Aggregate
from pipeline.records import Evidence, Tally
from pipeline.settings import EventTimeSettings
from pipeline.signature import comparable, signatures
from pipeline.story import hash63, story_key
from pipeline.tally import ROW, Rows, rows_of

PARTITIONS = 4
_START = int(datetime(2023, 3, 1, tzinfo=UTC).timestamp())
_SOURCES = ("Harbor Wire", "Morning Ledger", "Tape", "Forum", "Bulletin")
_AGAIN = 0.05
_DISORDER = 60
_NEGATIVE = 0.15


def headlines(count: int) -> list[str]:
    """So many headlines, in the order in which they were published where they are real."""
    found: list[str] = []
    for path in sorted(data_folder().glob("streams/reuters_*.csv.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            dated = sorted((row["published_at"], row["text"]) for row in csv.DictReader(file))
        found += [text for _, text in dated]
        if len(found) >= count:
            return found[:count]
    draw = random.Random(1)
    words = ["".join(draw.choices("abcdefghiklmnoprstuvw", k=draw.randint(3, 9))) for _ in range(20_000)]
    while len(found) < count:
        found.append(" ".join(draw.choices(words, k=9)))
    return found


def rows_for(texts: Sequence[str], rate: float) -> Rows:
    """A row a headline and, for some, a second one; in the order of arrival, `rate` an event minute."""
    draw = np.random.Generator(np.random.PCG64(1))
    rows = np.zeros(len(texts), ROW)
    at = np.arange(len(texts))
    rows["published"] = _START + (at * 60 / rate).astype(np.int64)
    rows["id"] = [hash63(str(number)) for number in range(len(texts))]
    rows["story"] = [story_key(text) for text in texts]
    rows["source"] = np.array([hash63(name) for name in _SOURCES])[draw.integers(0, len(_SOURCES), at.size)]
    for start in range(0, len(texts), 512):
        part = [comparable(text) for text in texts[start : start + 512]]
        rows["lanes"][start : start + 512] = signatures(part)
    rows["topic"] = draw.integers(0, len(topic_ids()), at.size)
    rows["tone"] = draw.choice(3, at.size, p=(_NEGATIVE, 0.6, 0.25))
    rows["score"] = draw.integers(-1000, 1001, at.size)
    again = draw.choice(at.size, int(_AGAIN * at.size), replace=False)
    rows = np.concatenate((rows, rows[again]))
    arrival = rows["published"] + draw.integers(0, _DISORDER + 1, rows.size)
    return rows[np.argsort(arrival, kind="stable")]


def tallies(rows: Rows, texts: Sequence[str], batch: int) -> Iterator[bytes]:
    """Wire bytes of the tallies, partition after partition in turn, each ended."""
    topics = topic_ids()
    encode = msgspec.json.Encoder().encode
    by_id = {int(row): text for row, text in zip(rows["id"].tolist(), _texts_of(rows, texts), strict=True)}
    of_partition = [rows[partition::PARTITIONS].copy() for partition in range(PARTITIONS)]
    for part in of_partition:
        part["offset"] = np.arange(part.size)
    for start in range(0, max(part.size for part in of_partition), batch):
        for partition, part in enumerate(of_partition):
            taken = part[start : start + batch]
            if not taken.size:
                continue
            cited = _cited(taken, topics, by_id)
            yield encode(
                Tally(
                    run="bench",
                    partition=partition,
                    start=start,
                    end=start + taken.size,
                    topics=topics,
                    sources=_SOURCES,
                    rows=taken.tobytes(),
                    evidence=tuple(evidence for _, evidence in cited),
                    evidence_offset=tuple(offset for offset, _ in cited),
                )
            )
    for partition, part in enumerate(of_partition):
        yield encode(Tally(run="bench", partition=partition, start=part.size, end=part.size + 1, final=True))


def _texts_of(rows: Rows, texts: Sequence[str]) -> list[str]:
    by_story = {story_key(text): text for text in texts}
    return [by_story[story] for story in rows["story"].tolist()]


def _cited(rows: Rows, topics: Sequence[str], texts: dict[int, str]) -> list[tuple[int, Evidence]]:
    """The most negative five of each minute and topic of a batch, as classify cites them."""
    cited: list[tuple[int, Evidence]] = []
    seen: dict[tuple[int, int], int] = {}
    for row in rows[rows["tone"] == 0][np.argsort(rows["score"][rows["tone"] == 0], kind="stable")]:
        cell = int(row["published"]) // 60, int(row["topic"])
        seen[cell] = seen.get(cell, 0) + 1
        if seen[cell] <= 5:
            cited.append(
                (
                    int(row["offset"]),
                    Evidence(
                        id=str(row["id"]),
                        title=texts[int(row["id"])][:300],
                        source=_SOURCES[0],
                        url="https://news.example/item",
                        published_at=datetime.fromtimestamp(int(row["published"]), UTC),
                        topic=topics[row["topic"]],
                        score=int(row["score"]) / 1000,
                        story=int(row["story"]),
                    ),
                )
            )
    return sorted(cited, key=lambda each: each[0])


def decode_alone(wire: Sequence[bytes]) -> float:
    """Seconds of the processor to decode the tallies and look at their rows."""
    decoder = msgspec.json.Decoder(Tally)
    began = time.process_time()
    for each in wire:
        rows_of(decoder.decode(each))["published"].max(initial=0)
    return time.process_time() - began


def aggregate(wire: Sequence[bytes], settings: EventTimeSettings) -> tuple[float, Aggregate]:
    """Seconds of the processor to decode and count the tallies, minutes closed and all."""
    decoder = msgspec.json.Decoder(Tally)
    target = Aggregate("bench", PARTITIONS, settings)
    began = time.process_time()
    for each in wire:
        target.apply(decoder.decode(each))
    return time.process_time() - began, target


def measure(count: int, rate: float, batch: int, rounds: int = 3) -> dict[str, Any]:
    """Best of some rounds, taken in turn; figures by name."""
    texts = headlines(count)
    rows = rows_for(texts, rate)
    wire = list(tallies(rows, texts, batch))
    best = {"floor": 1e9, "similar": 1e9, "exact": 1e9}
    for _ in range(rounds):
        best["floor"] = min(best["floor"], decode_alone(wire))
        seconds, target = aggregate(wire, EventTimeSettings())
        best["similar"] = min(best["similar"], seconds)
        seconds, exact = aggregate(wire, EventTimeSettings(stories="exact"))
        best["exact"] = min(best["exact"], seconds)
    assert target.totals.documents == exact.totals.documents == count
    speed = {name: round(rows.size / seconds) for name, seconds in best.items()}
    return {
        "machine": machine(),
        "documents": int(rows.size),
        "documents_an_event_minute": rate,
        "documents_a_tally": batch,
        "wire_bytes_a_document": round(sum(map(len, wire)) / rows.size),
        "decode_alone_documents_per_second": speed["floor"],
        "aggregate_documents_per_second": speed["similar"],
        "aggregate_to_decode_alone": round(speed["similar"] / speed["floor"], 3),
        "aggregate_exact_stories_documents_per_second": speed["exact"],
        "stories": target.remembered[1],
        "stories_merged": target.totals.merged,
        "duplicates": target.totals.duplicates,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=400_000)
    parser.add_argument("--rate", type=float, default=20_000, help="documents an event minute")
    parser.add_argument("--batch", type=int, default=512, help="documents a tally")
    parser.add_argument("--profile", action="store_true", help="print where the time goes instead")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    if options.profile:
        import cProfile

        sample = headlines(options.documents)
        made = list(tallies(rows_for(sample, options.rate), sample, options.batch))
        cProfile.run("aggregate(made, EventTimeSettings())", sort="tottime")
        sys.exit()
    figures = measure(options.documents, options.rate, options.batch)
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name.replace('_', ' '):48} {figure}")
