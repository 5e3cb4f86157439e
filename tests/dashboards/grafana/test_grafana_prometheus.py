"""Every PromQL query of the dashboards, answered by a real Prometheus that scrapes a worker's metrics."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from pipeline.worker.metrics import Metrics
from tests.dashboards.grafana.expand import Moment
from tests.dashboards.grafana.queries import Query, panels, promql
from tests.servers import start_prometheus
from tests.worker.eventually import eventually

RUN = "live"
LABELS = {"what": "tone", "answer": "negative", "severity": "watch", "window": "1h", "key": "overall"}


def touch(metrics: Metrics) -> None:
    """Move every metric a worker has, as an afternoon would."""
    metrics.worker.info({"run": RUN, "model": "en@1"})
    for metric in vars(metrics).values():
        if not isinstance(metric, Counter | Gauge | Histogram):
            continue
        names = metric._labelnames
        each = metric.labels(*(LABELS.get(name, name) for name in names)) if names else metric
        if isinstance(each, Counter):
            each.inc(3)
        elif isinstance(each, Histogram):
            each.observe(0.04)
        else:
            each.set(0.5)


def exported(metrics: Metrics) -> set[str]:
    """Names of all samples that Prometheus gets."""
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    made = Metrics()
    touch(made)
    return made


@pytest.fixture(scope="module")
def prometheus(metrics: Metrics) -> Iterator[httpx.Client]:
    server, thread = start_http_server(0, "127.0.0.1", registry=metrics.registry)
    scrape = {
        "global": {"scrape_interval": "200ms"},
        "scrape_configs": [
            {
                "job_name": "tocsin",
                "static_configs": [{"targets": [f"127.0.0.1:{server.server_port}"]}],
            }
        ],
    }
    with start_prometheus(json.dumps(scrape)) as running, httpx.Client(base_url=running.url) as client:
        yield client
    server.shutdown()
    thread.join()
    server.server_close()


def values(client: httpx.Client, expr: str) -> list[float]:
    now = time.time()
    answer = client.get(
        "/api/v1/query_range", params={"query": expr, "start": now - 2, "end": now, "step": 1}
    )
    assert answer.is_success, f"{expr}\n{answer.text}"
    series = answer.json()["data"]["result"]
    return [float(value) for each in series for _, value in each["values"]]


def test_every_metric_of_a_panel_is_exported_by_the_worker(
    boards: dict[str, dict[str, Any]], metrics: Metrics
) -> None:
    names = exported(metrics)
    for query in promql(boards):
        asked = set(re.findall(r"\b(?:tocsin|process)_\w+", query.text))
        assert asked, query
        assert asked <= names, f"{query.board}, {query.place}: {asked - names}"


def test_every_query_answers_with_numbers(
    boards: dict[str, dict[str, Any]], metrics: Metrics, prometheus: httpx.Client
) -> None:
    now = datetime.now(UTC)
    moment = Moment(now, now, {"run": RUN})
    english = {uid: board for uid, board in boards.items() if not uid.endswith("-zh")}
    queries = list(promql(english))
    assert len(queries) > 30

    def told(query: Query) -> bool:
        touch(metrics)
        return any(map(math.isfinite, values(prometheus, moment.promql(query.text))))

    for query in queries:
        eventually(lambda query=query: told(query))


def test_another_run_sees_nothing_of_it(boards: dict[str, dict[str, Any]], prometheus: httpx.Client) -> None:
    now = datetime.now(UTC)
    other = Moment(now, now, {"run": 'x"} or tocsin_worker_info{run=~".*'})
    for query in promql({"tocsin-pipeline": boards["tocsin-pipeline"]}):
        assert values(prometheus, other.promql(query.text)) == [], query


def test_both_languages_ask_prometheus_the_same(boards: dict[str, dict[str, Any]]) -> None:
    for uid in ("tocsin-pipeline", "tocsin-model"):
        asked = [
            [target.get("expr") for panel in panels(boards[each]) for target in panel["targets"]]
            for each in (uid, f"{uid}-zh")
        ]
        assert asked[0] == asked[1]
