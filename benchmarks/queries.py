"""How fast the read side answers on a large store: `python benchmarks/queries.py [--url URL]`.

Without --url it fills a SQLite file in a temporary folder (1.6 GB for a million documents). Times are medians
of five in milliseconds, and beside them the ratio to reading 1,000 documents by their key.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])

from dashboards import query
from pipeline.store import Store, rows, schema
from tests.records import alert_event, document, evidence

BEGIN, DAYS, TOPICS = datetime(2026, 10, 1, tzinfo=UTC), 30, 200
END = BEGIN + timedelta(days=DAYS)
MINUTE = timedelta(minutes=1)


def fill(store: Store, documents: int) -> int:
    """Thirty days of minutes, busier topics and quieter ones, a third of the documents copies."""
    draw = random.Random(1)
    keys = [f"topic_{number}" for number in range(TOPICS)]
    weights = [1 / (number + 5) for number in range(TOPICS)]
    per_minute = max(1, documents // (DAYS * 1440))
    plain = rows.document_row(document())
    cited = rows._evidence_rows((evidence(),) * 3)
    window = {
        f"{mark}_{length}": value
        for length in ("5m", "1h", "24h")
        for mark, value in (
            ("documents", 50),
            ("mean", -0.2),
            ("negative_share", 0.3),
            ("negative_share_se", 0.05),
        )
    }
    made, batch, minutes = 0, [], []
    for number in range(DAYS * 1440):
        at = BEGIN + number * MINUTE
        sums: dict[str, list[int]] = {}
        for place in range(per_minute):
            key, score = draw.choices(keys, weights)[0], draw.uniform(-1, 1)
            row: dict[str, Any] = plain | {
                "id": f"doc-{made}",
                "published_at": at + timedelta(seconds=place * 60 // per_minute),
                "known_at": at + MINUTE,
                "topic": key,
                "tone": "negative" if score < -0.3 else "neutral",
                "score": score,
                "story": draw.getrandbits(62) if draw.random() < 0.7 else made // 50,
                "offset": made,
                "source": f"wire{draw.randrange(30)}",
                "title": f"Headline number {made} of {key} falls after results disappoint investors",
                "body": "So it is said by people who know the matter. " * 5,
            }
            batch.append(row)
            made += 1
            for each in (key, "overall"):
                count = sums.setdefault(each, [0, 0, 0])
                count[0] += 1
                count[1] += score < -0.3
                count[2] += int(score * 1000)
        minutes += [_minute(key, at, *counts) | window | {"evidence": cited} for key, counts in sums.items()]
        if len(batch) > 20_000 or number == DAYS * 1440 - 1:
            with store.writing() as connection:
                connection.execute(schema.document.insert(), batch)
                connection.execute(schema.sentiment.insert(), minutes)
            batch, minutes = [], []
    hours = [BEGIN + timedelta(hours=number) for number in range(0, DAYS * 24, 2)]
    store.write_alerts(
        [
            alert_event(
                0,
                id=f"alert{n}",
                key=keys[n % TOPICS],
                started_at=at,
                detected_at=at,
                resolved_at=at + MINUTE,
            )
            for n, at in enumerate(hours)
        ]
    )
    return made


def _minute(key: str, at: datetime, documents: int, negative: int, score: int) -> dict[str, Any]:
    none = {name: 0 for name in ("late", "positive", "capped") if name in schema.sentiment.c}
    return none | {
        "run": "live",
        "key": key,
        "minute": at,
        "revision": 0,
        "documents": documents,
        "stories": documents,
        "negative": negative,
        "neutral": documents - negative,
        "negative_stories": negative,
        "score_sum": score,
        "score_sumsq": score * score,
        "known_at": at + 3 * MINUTE,
    }


def questions(store: Store) -> dict[str, Callable[[], object]]:
    """What people and programs ask."""
    day, middle = timedelta(days=1), END - timedelta(days=10)
    ids = [f"doc-{number}" for number in range(0, 200_000, 200)]

    def plain() -> object:
        with store.reading() as connection:
            c = schema.document.c
            return connection.execute(schema.document.select().where(c.run == "live", c.id.in_(ids))).all()

    return {
        "1,000 documents by key": plain,
        "pulse": lambda: query.pulse(store, "live"),
        "runs": lambda: query.runs(store),
        "board": lambda: query.board(store, "live"),
        "board as of ten days before": lambda: query.board(store, "live", as_of=middle),
        "a day of one key": lambda: query.sentiment(store, "live", "overall", END - day, END),
        "a month of one key": lambda: query.sentiment(store, "live", "overall", BEGIN, END),
        "the same as of ten days before": lambda: query.sentiment(
            store, "live", "overall", BEGIN, END, as_of=middle
        ),
        "newest documents": lambda: query.documents(store, "live"),
        "documents of a topic": lambda: query.documents(store, "live", key="topic_3"),
        "documents by tone and source": lambda: query.documents(
            store, "live", tone="negative", source="wire7"
        ),
        "search without a hit": lambda: query.documents(store, "live", search="zebra"),
        "stories of a day": lambda: query.stories(store, "live", since=END - day, tone="negative"),
        "stories of a topic's month": lambda: query.stories(store, "live", key="topic_0", since=BEGIN),
        "alerts": lambda: query.alerts(store, "live"),
        "inbox": lambda: query.inbox(store, "live", now=END),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="empty store to fill, or one that this has filled")
    parser.add_argument("--documents", type=int, default=1_000_000)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(asked.url or f"sqlite:///{folder}/store.db") as store,
    ):
        if not query.runs(store):
            print(f"{fill(store, asked.documents):,} documents, {TOPICS} topics, {DAYS} days")
        plain = 0.0
        for name, ask in questions(store).items():
            times = []
            for _ in range(5):
                begun = time.perf_counter()
                ask()
                times.append(1000 * (time.perf_counter() - begun))
            took = statistics.median(times)
            plain = plain or took
            print(f"{name:34s} {took:8.1f} ms {took / plain:8.2f}")


if __name__ == "__main__":
    main()
