"""How fast the console opens and follows, over a million documents and 200 topics.

    python benchmarks/console.py [--documents 1000000] [--keys 200] [--rounds 5] [--postgres] [--json]

Makes a store of its own (SQLite, with --postgres PostgreSQL, which it starts and stops), fills it inside the
database, starts `tocsin console` over it and over an empty store, and opens pages of both in headless
Chromium. `server` is what the first byte took, `open` is from the address to a page that answers; `x empty`
is that against the same page over the empty store in the same run: what the data cost, whatever else the
machine does. `cpu` is the processor time of reading the page in this process, which other load does not
disturb (of PostgreSQL's work it sees nothing). `update` is from the commit of a new minute to its figure on
an open board.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# Run as a script, this very file would stand for the package of its name.
sys.path[0] = str(Path(__file__).parents[1])

from sqlalchemy import text

from benchmarks.machine import machine
from dashboards.console.explaining import Explainer
from dashboards.console.pages.alerts import AlertDesk, InboxPage
from dashboards.console.pages.board import BoardPage
from dashboards.console.pages.health import HealthPage
from dashboards.console.pages.page import Asked, Page
from dashboards.console.pages.topic import TopicDesk
from dashboards.console.views.say import Say
from pipeline.records import SentimentMinute
from pipeline.settings import HttpSettings, Settings
from pipeline.store import Store
from tests.console.conftest import _CHROMIUM, console_process
from tests.records import alert_event, sentiment_row
from tests.servers import new_database, start_postgres

RUN, DAYS, UPDATES = "live", 90, 8
END = datetime(2026, 3, 31, tzinfo=UTC)

_DOCUMENTS = """
INSERT INTO document (run, id, kind, source, published_at, known_at, title, body, url, lang, author, symbols,
    topic, p_topic, tone, p_negative, p_neutral, p_positive, score, model, story, partition, "offset")
WITH RECURSIVE n(i) AS (SELECT CAST(0 AS bigint) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :documents)
SELECT 'live', 'd' || i, 'news', 'Wire ' || (i % 40), {moment}, {moment},
    'Lender number ' || (i / 3) || ' tells of its quarter', '', '', 'en', '', {empty},
    'topic_' || (i % :keys), 0.9,
    CASE WHEN (i * 7919) % 10 < 3 THEN 'negative' WHEN (i * 7919) % 10 < 8 THEN 'neutral' ELSE 'positive' END,
    0.3, 0.5, 0.2, ((i * 7919) % 1900 - 950) / 1000.0, 'bench@1', i / 3, 0, i
FROM n
"""
_SENTIMENT = """
INSERT INTO sentiment (run, key, minute, known_at, revision, documents, stories, negative, neutral, positive,
    negative_stories, late, score_sum, score_sumsq, evidence)
SELECT run, {key}, {minute}, {minute}, 0, count(*), count(*), {tones}, {negative}, 0,
    CAST(sum(score * 1000) AS BIGINT), CAST(sum(score * score * 1000000) AS BIGINT), {empty}
FROM document GROUP BY run, {group}
"""
_TONES = ", ".join(
    f"sum(CASE WHEN tone = '{tone}' THEN 1 ELSE 0 END)" for tone in ("negative", "neutral", "positive")
)


def fill(store: Store, documents: int, keys: int) -> None:
    """Documents at equal distances over `DAYS` days, topics in turn, and the minutes they add up to."""
    begin, span = (END - timedelta(days=DAYS)).timestamp(), DAYS * 86_400
    with store.writing() as connection:
        if connection.dialect.name == "postgresql":
            moment = f"to_timestamp({begin} + i * {span}.0 / :documents)"
            minute, empty = "date_trunc('minute', published_at)", "'[]'::jsonb"
        else:
            seconds = f"{begin} + i * {span}.0 / :documents"
            moment = f"strftime('%Y-%m-%dT%H:%M:%fZ', {seconds}, 'unixepoch')"
            minute, empty = "substr(published_at, 1, 16) || '\\:00.000Z'", "'[]'"
        size = {"documents": documents, "keys": keys}
        connection.execute(text(_DOCUMENTS.format(moment=moment, empty=empty)), size)
        negative = _TONES.split(", ")[0]
        for key, group in (("topic", f"topic, {minute}"), ("'overall'", minute)):
            parts = {"key": key, "minute": minute, "tones": _TONES, "negative": negative}
            connection.execute(text(_SENTIMENT.format(group=group, empty=empty, **parts)))
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
    alerts = []
    for number in range(300):
        began = END - timedelta(hours=7 * number + 1)
        fields: dict[str, Any] = {"id": f"a{number}", "key": f"topic_{number % keys}", "started_at": began}
        fields |= {"detected_at": began, "at": began}
        alerts.append(alert_event(**fields))
        if number:
            alerts.append(alert_event(1, state="resolved", **fields, resolved_at=began + timedelta(hours=1)))
    store.write_alerts(alerts)


@contextmanager
def stores(postgres: bool, folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of two empty stores."""
    if not postgres:
        yield f"sqlite:///{folder / 'full.db'}", f"sqlite:///{folder / 'empty.db'}"
        return
    with start_postgres() as server:
        yield new_database(server), new_database(server)


def opened(page: Any, address: str) -> tuple[float, float]:
    """Seconds to the first byte and to a page that answers."""
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    took = time.perf_counter() - began
    first = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    return float(first) / 1000, took


def processor_seconds(store: Store) -> dict[str, float]:
    """Processor time of reading each page, the better of two."""
    settings = Settings(http=HttpSettings(port=0))
    asked = Asked(
        store=store,
        settings=settings,
        say=Say("en"),
        run=RUN,
        by="bench",
        now=END,
        explainer=Explainer(settings),
        topics=(),
    )
    pages: dict[str, Callable[[], Page]] = {
        "/": BoardPage,
        "/topics/overall": lambda: TopicDesk("overall"),
        "/topics/topic_7": lambda: TopicDesk("topic_7"),
        "/alerts": InboxPage,
        "/alerts/a0": lambda: AlertDesk("a0"),
        "/health": HealthPage,
    }
    found = {}
    for path, page in pages.items():
        took = []
        for _ in range(2):
            began = time.process_time()
            page().view(asked)
            took.append(time.process_time() - began)
        found[path] = round(min(took), 3)
    return found


def updates(page: Any, address: str, store: Store) -> list[float]:
    """Seconds from the commit of a minute to its end on the open board, several times."""
    opened(page, f"{address}/?run={RUN}")
    took = []
    for number in range(UPDATES):
        row = sentiment_row(key="overall", evidence=())
        minute = END + timedelta(minutes=number)
        page.evaluate(
            """shown => { window.seen = null; new MutationObserver(() => {
                 if (document.querySelector('.t-asof').innerText.includes(shown)) window.seen ??= Date.now();
               }).observe(document.body, {childList: true, subtree: true, characterData: true}); }""",
            f"{minute:%H:%M}",
        )
        store.write_sentiment([SentimentMinute(run=RUN, minute=minute, revision=0, rows=(row,))])
        began = time.time()
        page.wait_for_function("window.seen !== null", polling=20)
        took.append(page.evaluate("window.seen") / 1000 - began)
    return took


def measure(postgres: bool, documents: int, keys: int, rounds: int) -> dict[str, Any]:
    """One store's figures: medians over the rounds, seconds."""
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-bench-")))
        full, empty = stack.enter_context(stores(postgres, folder))
        store = stack.enter_context(Store.open(full))
        began = time.perf_counter()
        fill(store, documents, keys)
        filled = time.perf_counter() - began
        print(f"filled in {filled:.0f} s", file=sys.stderr, flush=True)
        Store.open(empty).close()
        here = stack.enter_context(console_process(folder, full))
        bare = stack.enter_context(console_process(folder, empty))
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(_CHROMIUM))
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.set_default_timeout(120_000)
        rows = {}
        for path in (
            "/",
            "/topics/overall",
            "/topics/topic_7",
            "/alerts",
            "/alerts/a0",
            "/replay",
            "/health",
        ):
            against = "/alerts" if path == "/alerts/a0" else path
            figures: dict[str, list[float]] = {"server": [], "open": [], "empty": []}
            for _ in range(rounds):
                server, whole = opened(page, f"{here}{path}?run={RUN}")
                figures["server"].append(server)
                figures["open"].append(whole)
                figures["empty"].append(opened(page, f"{bare}{against}?run={RUN}")[1])
            print(path, figures, file=sys.stderr, flush=True)
            rows[path] = {name: round(statistics.median(values), 3) for name, values in figures.items()}
        for path, cpu in processor_seconds(store).items():
            rows[path]["cpu"] = cpu
        late = updates(page, here, store)
        browser.close()
    return {
        "store": "postgresql" if postgres else "sqlite",
        "documents": documents,
        "keys": keys,
        "fill_seconds": round(filled, 1),
        "pages": rows,
        "update": {"median": round(statistics.median(late), 3), "worst": round(max(late), 3)},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.postgres, asked.documents, asked.keys, asked.rounds)
    if asked.json:
        print(json.dumps(found | {"machine": machine()}))
        return
    print(f"{found['store']}: {found['documents']:,} documents, {found['keys']} keys; {machine()}")
    print(f"{'page':18} {'cpu s':>7} {'server s':>9} {'open s':>8} {'x empty':>8}")
    for path, row in found["pages"].items():
        cpu = f"{row['cpu']:7.3f}" if "cpu" in row else " " * 7
        print(f"{path:18} {cpu} {row['server']:9.3f} {row['open']:8.3f} {row['open'] / row['empty']:8.2f}")
    print(f"update: median {found['update']['median']} s, worst {found['update']['worst']} s")


if __name__ == "__main__":
    main()
