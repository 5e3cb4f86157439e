"""How long each query of Grafana's dashboards takes in PostgreSQL, over a store of a million documents.

    python benchmarks/dashboards.py [--documents 1000000] [--days 60] [--topics 20] [--json]

Fills a PostgreSQL of its own on loopback with made-up rows, then asks each SQL query of every English
dashboard as Grafana would send it, over the last day, the last week and the whole span: the median of three.
A page's queries run side by side in Grafana; the sum over a page is what they cost one after another.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])

import psycopg

from benchmarks.machine import machine
from dashboards.grafana.files import dashboards
from dashboards.grafana.tongue import Tongue
from pipeline.store import Store
from tests.dashboards.grafana.expand import Moment
from tests.dashboards.grafana.queries import sql
from tests.records import alert_event
from tests.servers import new_database, start_postgres

_END = datetime(2024, 3, 1, tzinfo=UTC)
_STEPS = ((1, "1m"), (2, "5m"), (10, "30m"), (100, "4h"), (10_000, "1d"))
"""Days up to which `$__interval` is so long, for some 400 points."""

_DOCUMENTS = """
INSERT INTO document (run, id, kind, source, published_at, title, body, url, lang, author, symbols,
  topic, p_topic, tone, p_negative, p_neutral, p_positive, score, model, story, partition, "offset")
SELECT 'live', 'd' || n, 'news', 'Wire ' || n %% 50,
  %(end)s::timestamptz - n * (%(days)s * interval '1 day' / %(documents)s),
  'Regulator closes coastal lender ' || n || ' after depositors flee', '', 'https://news.example/' || n,
  CASE WHEN n %% 5 = 0 THEN 'zh' ELSE 'en' END, '', '[]', 'topic_' || (n::bigint * 7919) %% %(topics)s, 0.9,
  CASE n %% 3 WHEN 0 THEN 'negative' ELSE 'neutral' END, 0.4, 0.3, 0.3, 0.1, 'en@0123', n / 3, n %% 4, n
FROM generate_series(1, %(documents)s) AS n
"""

_MINUTES = """
INSERT INTO sentiment (run, key, minute, revision, documents, stories, negative, neutral, positive,
  negative_stories, late, score_sum, score_sumsq,
  documents_5m, mean_5m, negative_share_5m, negative_share_se_5m,
  documents_1h, mean_1h, negative_share_1h, negative_share_se_1h,
  documents_24h, mean_24h, negative_share_24h, negative_share_se_24h, evidence)
SELECT 'live', key, minute, 0, n, n, negative, n - negative, 0, negative, 0, 100 * n, 90000 * n,
  n, 0.1, 0.3, 0.1, n, 0.1, 0.3, 0.1, n, 0.1, 0.3, 0.1, '[]'
FROM (
  SELECT key, date_trunc('minute', published_at) AS minute, count(*) AS n,
    count(*) FILTER (WHERE tone = 'negative') AS negative
  FROM document CROSS JOIN LATERAL (VALUES (topic), ('overall')) AS keys (key)
  GROUP BY 1, 2
) AS told
"""


def fill(url: str, documents: int, days: int, topics: int) -> None:
    """Make the tables and their rows."""
    with Store.open(url) as store:
        store.write_alerts(
            [
                alert_event(
                    id=f"a{number}",
                    key=f"topic_{number % topics}",
                    started_at=_END - timedelta(days=days * number / 200),
                    detected_at=_END - timedelta(days=days * number / 200, minutes=-30),
                    resolved_at=_END - timedelta(days=days * number / 200, hours=-3),
                )
                for number in range(1, 200)
            ]
        )
    sizes = {"documents": documents, "days": days, "topics": topics, "end": _END}
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(_DOCUMENTS, sizes)
        connection.execute(_MINUTES)
        connection.execute("VACUUM ANALYZE")


def measure(url: str, days: int) -> dict[str, dict[str, Any]]:
    """Seconds by span of time: in all, by page, and the slowest queries."""
    boards = {board["uid"]: board for board in dashboards(Tongue("en"))}
    chosen = {"run": "live", "other": "live", "topic": "topic_1", "alert": "a9", "window": "1h"}
    told: dict[str, dict[str, Any]] = {}
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for span in sorted({1, 7, days}):
            interval = next(name for limit, name in _STEPS if span <= limit)
            moment = Moment(_END - timedelta(days=span), _END, chosen | {"language": ("en", "zh")}, interval)
            pages: defaultdict[str, float] = defaultdict(float)
            each: list[tuple[float, str]] = []
            for query in sql(boards):
                seconds = statistics.median(_once(connection, moment.sql(query.text)) for _ in range(3))
                pages[query.board] += seconds
                each.append((seconds, f"{query.board}: {query.place}"))
            each.sort(reverse=True)
            told[f"{span} d"] = {
                "pages": {page: round(seconds, 3) for page, seconds in pages.items()},
                "slowest": [(round(seconds, 3), name) for seconds, name in each[:5]],
            }
    return told


def _once(connection: psycopg.Connection, text: str) -> float:
    begun = time.perf_counter()
    connection.execute(text).fetchall()  # type: ignore[call-overload]
    return time.perf_counter() - begun


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--topics", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with start_postgres() as server:
        url = new_database(server)
        fill(url, options.documents, options.days, options.topics)
        told = measure(url, options.days)
    if options.json:
        print(json.dumps({"machine": machine(), **vars(options), "spans": told}))
        return
    print(f"{options.documents:,} documents in {options.days} days, {options.topics} topics; {machine()}")
    for span, figures in told.items():
        print(f"\nlast {span}")
        for page, seconds in figures["pages"].items():
            print(f"  {page:18} {seconds:7.3f} s for all its queries")
        for seconds, name in figures["slowest"]:
            print(f"    {seconds:7.3f} s  {name}")


if __name__ == "__main__":
    main()
