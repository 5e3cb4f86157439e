"""Memory of the aggregate over millions of pre-classified tallies, with its checkpoints.

    nice -n 10 python benchmarks/soak.py [--documents 10000000] [--rate 20] [--horizon 6] [--json]

Tallies are decoded from their wire bytes and counted; every 100,000 documents the state goes through the
worker's own `Checkpoint` into a table that keeps its records in memory, as a Faust table does. Documents come
from 4 partitions, out of order by up to a minute; one in fifty twice, one in a thousand some hours late, one
in 100,000 stamped a year ahead; a fifth are copies of recent stories, a tenth are near copies. The horizons
are short so that they fill in the first tenth of the run: what is remembered must not grow after that. Growth
is the resident memory of the last tenth over that of the second, the median of each: it rises and falls by
some per cent as tables are made anew. Exit status 1 where it exceeds 5 %.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from benchmarks.machine import machine
from models.taxonomy import topic_ids
from pipeline.aggregate import Aggregate, Snapshot
from pipeline.memory import return_large_blocks
from pipeline.records import Tally
from pipeline.settings import EventTimeSettings
from pipeline.signature import LANES
from pipeline.story import hash63
from pipeline.tally import ROW, Rows
from pipeline.worker.checkpoint import Checkpoint

PARTITIONS = 4
BATCH = 512
CHECKPOINT_EVERY = 100_000
ALLOWED_GROWTH = 0.05
_START = 1_600_000_000
_SOURCES = tuple(f"source {number}" for number in range(8))
_RECENT = 20_000
_BLOCK = 8192


class MemoryTable(dict[bytes, bytes]):
    """What a Faust table is without a broker: the newest record of each key."""

    written = 0

    @property
    def data(self) -> MemoryTable:
        return self

    async def send_changelog(self, partition: int, key: bytes, value: bytes | None) -> None:
        self.written += len(value or b"")


class Documents:
    """An endless feed, a block of rows at a time, of which only recent stories are remembered."""

    def __init__(self, rate: float) -> None:
        self._draw = np.random.Generator(np.random.PCG64(1))
        self._rate = rate
        self._count = 0
        self._sources = np.array([hash63(name) for name in _SOURCES])
        self._recent = np.zeros(_RECENT, ROW)
        self._recent["story"] = self._draw.integers(0, 1 << 62, _RECENT)
        self._recent["lanes"] = self._draw.integers(0, 256, (_RECENT, LANES))

    def block(self) -> Rows:
        """The next rows in the order of arrival, without offsets."""
        draw, n = self._draw, _BLOCK
        rows = np.zeros(n, ROW)
        at = self._count + np.arange(n)
        self._count += n
        rows["published"] = _START + (at / self._rate).astype(np.int64) - draw.integers(0, 61, n)
        rows["id"] = draw.integers(0, 1 << 62, n)
        again = draw.random(n) < 0.02
        rows["id"][again] = draw.permutation(rows["id"])[again]
        rows["published"][draw.random(n) < 1e-3] -= 4 * 3600
        rows["published"][draw.random(n) < 1e-5] += 365 * 86_400
        rows["story"] = draw.integers(0, 1 << 62, n)
        rows["lanes"] = draw.integers(0, 256, (n, LANES))
        kind, pick = draw.random(n), draw.integers(0, _RECENT, n)
        copies, near = kind < 0.2, (kind >= 0.2) & (kind < 0.3)
        for name in ("story", "lanes"):
            rows[name][copies] = self._recent[name][pick[copies]]
        lanes = self._recent["lanes"][pick[near]]
        changed = draw.random(lanes.shape) < 0.15
        rows["lanes"][near] = np.where(changed, draw.integers(0, 256, lanes.shape), lanes)
        new = np.flatnonzero(kind >= 0.3)[:2000]
        self._recent = np.concatenate((self._recent[new.size :], rows[new]))
        rows["source"] = self._sources[draw.integers(0, len(_SOURCES), n)]
        rows["author"] = np.where(draw.random(n) < 0.3, draw.integers(1, 5000, n), 0)
        rows["topic"] = draw.integers(0, len(topic_ids()), n)
        rows["tone"] = draw.choice(3, n, p=(0.15, 0.6, 0.25))
        rows["score"] = draw.integers(-1000, 1001, n)
        return rows


def tallies(documents: Documents) -> Iterator[tuple[int, bytes]]:
    """Wire bytes and number of documents of endless tallies, partition after partition in turn."""
    encode = msgspec.json.Encoder().encode
    offsets = [0] * PARTITIONS
    while True:
        rows = documents.block()
        for start in range(0, rows.size, BATCH):
            partition = start // BATCH % PARTITIONS
            taken = rows[start : start + BATCH].copy()
            taken["offset"] = offsets[partition] + np.arange(taken.size)
            offsets[partition] += taken.size
            yield (
                taken.size,
                encode(
                    Tally(
                        run="soak",
                        partition=partition,
                        start=int(taken["offset"][0]),
                        end=offsets[partition],
                        topics=topic_ids(),
                        sources=_SOURCES,
                        rows=taken.tobytes(),
                    )
                ),
            )


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def soak(count: int, rate: float, horizon: int, shown: Any) -> dict[str, Any]:
    """Run it; figures by name."""
    settings = EventTimeSettings(duplicate_horizon_hours=horizon, story_horizon_hours=max(1, horizon // 2))
    target = Aggregate("soak", PARTITIONS, settings)
    table = MemoryTable()
    checkpoint = Checkpoint(table)
    decoder = msgspec.json.Decoder(Tally)
    samples: list[tuple[int, int]] = []
    done, saved, head, busy, saving = 0, 0, 0, 0.0, 0.0
    for position, (documents, wire) in enumerate(tallies(Documents(rate))):
        began = time.process_time()
        target.apply(decoder.decode(wire))
        busy += time.process_time() - began
        done += documents
        if done - saved >= CHECKPOINT_EVERY:
            saved = done
            began = time.process_time()
            snapshot = target.snapshot()
            await checkpoint.save(position + 1, snapshot.head, snapshot.segments)
            saving += time.process_time() - began
            head = len(snapshot.head)
            samples.append((done, resident()))
            print(
                f"{done:>12,} documents  {samples[-1][1] / 1e6:7.1f} MB  ids, stories {target.remembered}  "
                f"open {target.open_documents:,}",
                file=shown,
                flush=True,
            )
        if done >= count:
            break
    state = checkpoint.load()
    assert state is not None
    again = Aggregate.restore(Snapshot(head=state.head, segments=state.segments), settings)
    assert again.remembered[0] > 0
    first = next(memory for at, memory in samples if at >= count / 10)
    later = [memory for at, memory in samples if at >= count / 10]
    second = [memory for at, memory in samples if count / 10 < at <= count / 5]
    last = [memory for at, memory in samples if at > count * 9 / 10]
    return {
        "machine": machine(),
        "documents": done,
        "distinct": target.totals.documents,
        "duplicates": target.totals.duplicates,
        "late": target.totals.late,
        "merged_stories": target.totals.merged,
        "horizon_hours": horizon,
        "event_days": round(done / rate / 86_400, 1),
        "ids_remembered": target.remembered[0],
        "stories_remembered": target.remembered[1],
        "documents_per_second": round(done / busy),
        "checkpoint_seconds": round(saving / max(len(samples), 1), 3),
        "checkpoint_head_bytes": head,
        "table_bytes": sum(map(len, table.values())),
        "resident_mb_after_a_tenth": round(first / 1e6, 1),
        "resident_mb_at_most_after": round(max(later) / 1e6, 1),
        "resident_mb_at_the_end": round(later[-1] / 1e6, 1),
        "growth": round(median(last) / median(second) - 1, 4),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=10_000_000)
    parser.add_argument("--rate", type=float, default=20, help="documents a second of event time")
    parser.add_argument("--horizon", type=int, default=6, help="hours that ids are remembered; stories half")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    options = parser.parse_args()
    return_large_blocks()
    figures = asyncio.run(soak(options.documents, options.rate, options.horizon, sys.stderr))
    if options.json:
        print(json.dumps(figures))
    else:
        for name, figure in figures.items():
            print(f"{name.replace('_', ' '):32} {figure}")
    sys.exit(figures["growth"] > ALLOWED_GROWTH)
