"""A published document becomes an alert at a webhook behind Alertmanager, and Prometheus sees how."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from kafka import KafkaProducer

from alerts.settings import DeliverySettings
from pipeline.records import Document
from pipeline.replay.child import WorkerProcess, worker_process
from pipeline.settings import (
    BrokerSettings,
    EventTimeSettings,
    HttpSettings,
    Settings,
    StoreSettings,
    TopicSettings,
)
from pipeline.store import Store
from pipeline.topics import topic_name
from tests.kafka import new_run_name
from tests.servers import (
    Server,
    WebhookReceiver,
    alertmanager_config,
    free_port,
    start_alertmanager,
    start_prometheus,
)
from tests.worker.eventually import eventually
from tests.worker.feeds import bank_run, calm

WORKER = (sys.executable, "-m", "tests.worker.keyword_worker")


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as receiver:
        yield receiver


@pytest.fixture
def alertmanager(receiver: WebhookReceiver) -> Iterator[Server]:
    with start_alertmanager(alertmanager_config(receiver.url)) as server:
        yield server


@pytest.fixture
def settings(kafka: str, tmp_path: Path, alertmanager: Server) -> Settings:
    return Settings(
        state_dir=tmp_path,
        broker=BrokerSettings(servers=kafka),
        topics=TopicSettings(prefix=new_run_name("live"), partitions=2),
        # The documents are days old: only they may move event time, not the clock.
        event_time=EventTimeSettings(idle_timeout=86_400),
        delivery=DeliverySettings(
            alertmanager_url=alertmanager.url,
            resend_interval=0.5,
            minimum_firing=1.0,
            max_backoff=1.0,
            dead_man=False,
        ),
        store=StoreSettings(url=f"sqlite:///{tmp_path / 'tocsin.db'}"),
        http=HttpSettings(port=free_port()),
    )


@pytest.fixture
def worker(settings: Settings) -> Iterator[WorkerProcess]:
    with worker_process(settings, WORKER) as worker:
        yield worker


@pytest.fixture
def prometheus(settings: Settings) -> Iterator[Server]:
    target = {"targets": [f"{settings.http.host}:{settings.http.port}"]}
    scrape = {"job_name": "tocsin", "scrape_interval": "500ms", "static_configs": [target]}
    with start_prometheus(json.dumps({"scrape_configs": [scrape]})) as server:
        yield server


def test_from_document_to_webhook_and_resolved(
    settings: Settings, worker: WorkerProcess, receiver: WebhookReceiver, prometheus: Server
) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.broker.servers)

    def publish(documents: list[Document]) -> None:
        for document in documents:
            topic = topic_name(settings, "documents")
            producer.send(topic, msgspec.json.encode(document), key=document.id.encode())
        producer.flush()

    def query(expression: str) -> float:
        answer = httpx.get(f"{prometheus.url}/api/v1/query", params={"query": expression}).json()
        results = answer["data"]["result"]
        return float(results[0]["value"][1]) if results else 0.0

    base = f"http://{settings.http.host}:{settings.http.port}"
    eventually(lambda: worker.check() or answers(f"{base}/readyz"))
    assert answers(f"{base}/healthz")

    start = datetime.now(UTC) - timedelta(days=7)
    surge = start + timedelta(days=6)
    publish(calm(start, 6 * 1440, every=15, stem="before"))
    publish(bank_run(surge, 60, stem="run"))
    publish(calm(surge + timedelta(minutes=30), 30, every=5, stem="meanwhile"))

    def notified(status: str, topic: str = "") -> Callable[[list[Any]], bool]:
        return lambda posts: any(
            alert["status"] == status and alert["labels"]["key"].startswith(topic)
            for post in posts
            for alert in post.json()["alerts"]
        )

    posts = receiver.wait_for(notified("firing"), 90)
    alert = posts[0].json()["alerts"][0]
    assert alert["labels"]["alertname"] == "TocsinNegativeSurge"
    assert alert["labels"]["key"] in ("overall", "financials")
    assert "halts withdrawals" in json.dumps(alert["annotations"])

    eventually(lambda: query("tocsin_classified_documents_total") >= 642)
    eventually(lambda: query("sum(tocsin_alerts_firing)") >= 1)
    assert query('up{job="tocsin"}') == 1

    publish(calm(surge + timedelta(minutes=60), 1200, every=15, stem="after"))
    receiver.wait_for(notified("resolved"), 90)

    with Store.open(settings.store.url) as store:
        resolved = eventually(
            lambda: [each for each in store.alerts("live") if each.state == "resolved"], seconds=30
        )
    # It began with the first window that rang, which may reach back before the first bad story.
    window = timedelta(minutes=max(settings.detector.windows))
    assert surge - window <= resolved[0].started_at < resolved[0].detected_at < surge + timedelta(hours=1)
    assert resolved[0].resolved_at is not None


def test_a_worker_asked_to_stop_stops_cleanly(settings: Settings, worker: WorkerProcess) -> None:
    base = f"http://{settings.http.host}:{settings.http.port}"
    eventually(lambda: worker.check() or answers(f"{base}/readyz"))
    worker.stop()
    assert worker.status == 0
