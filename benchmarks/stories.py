"""How many stories a feed holds, word for word and with near copies, and a sample of merged pairs to read.

    python benchmarks/stories.py FEED.csv.gz [--pairs 60] [--kind news]

FEED has the columns `text`, `published_at` and, where there are kinds, `wire`, as the Reuters streams have.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from pipeline.signature import comparable, signatures
from pipeline.stories import Stories
from pipeline.story import story_key

_MOST = 10**7


def read(path: Path) -> list[tuple[str, str, str]]:
    """Moment, kind and text of each row, in order of time."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = [(row["published_at"], row.get("wire", ""), row["text"]) for row in csv.DictReader(file)]
    return sorted(rows)


def main(path: Path, pairs: int, kind: str) -> None:
    """Print the counts by kind, then the pairs."""
    rows = read(path)
    keys = np.array([story_key(text) for _, _, text in rows])
    lanes = np.concatenate(
        [
            signatures([comparable(text) for _, _, text in rows[start : start + 512]])
            for start in range(0, len(rows), 512)
        ]
    )
    minutes = np.array([int(datetime.fromisoformat(moment).timestamp()) // 60 for moment, _, _ in rows])
    cuts = [0, *(np.flatnonzero(np.diff(minutes // 60)) + 1).tolist(), len(rows)]
    first = {"exact": np.zeros(len(rows), bool), "similar": np.zeros(len(rows), bool)}
    merged: list[tuple[int, int]] = []
    leader: dict[int, int] = {}
    for name, told in first.items():
        stories = Stories(24, _MOST, similar=name == "similar")
        for start, end in pairwise(cuts):
            hour = int(minutes[start]) // 60
            stories.forget(hour)
            part = slice(start, end)
            assigned = stories.assign(keys[part], lanes[part], minutes[part], hour)
            told[part] = assigned.first
            if name == "similar":
                for at in range(start, end):
                    if assigned.first[at - start]:
                        leader[int(keys[at])] = at
                for at in assigned.joined.tolist():
                    merged.append((start + at, leader[int(assigned.cluster[at])]))
    kinds = np.array([wire for _, wire, _ in rows])
    for each in ("", *sorted(set(kinds.tolist()) - {""})):
        chosen = kinds == each if each else np.ones(len(rows), bool)
        exact, similar = (first[name][chosen].sum() for name in ("exact", "similar"))
        print(
            f"{each or 'all':16} {chosen.sum():>9,} documents {exact:>9,} word for word {similar:>9,} stories"
        )
    sample = [pair for pair in merged if not kind or rows[pair[0]][1] == kind]
    for one, other in random.Random(1).sample(sample, min(pairs, len(sample))):
        print(f"\n{rows[one][0]}  {rows[one][2]}\n{rows[other][0]}  {rows[other][2]}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("feed", type=Path)
    parser.add_argument("--pairs", type=int, default=0, help="merged pairs to print")
    parser.add_argument("--kind", default="", help="of which `wire` the pairs are")
    options = parser.parse_args()
    main(options.feed, options.pairs, options.kind)
