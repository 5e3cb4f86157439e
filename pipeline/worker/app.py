"""The worker put together: settings in, a Faust app with its agents out. Read it top to bottom."""

from __future__ import annotations

import os
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

import faust

from pipeline.kafka_client import aiokafka_options, faust_credentials
from pipeline.records import AlertEvent, Rejected, ScoredDocument, SentimentMinute
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.topics import MAX_RECORD_BYTES, TopicName, run_prefix, topic_name
from pipeline.worker.acks import Acks
from pipeline.worker.aggregate import AggregateCore
from pipeline.worker.checkpoint import Checkpoint
from pipeline.worker.classify import Classify
from pipeline.worker.clock import SteadyClock
from pipeline.worker.consumer import App
from pipeline.worker.deliver import Deliver
from pipeline.worker.detect import DetectCore
from pipeline.worker.drift import Drift
from pipeline.worker.health import Progress
from pipeline.worker.labels import StoreLabels
from pipeline.worker.metrics import Metrics
from pipeline.worker.publish import Publisher
from pipeline.worker.stateful import Stateful
from pipeline.worker.store import StoreTopic
from pipeline.worker.watch import watch


@dataclass(frozen=True)
class Parts:
    """What the worker is given: everything with a connection or a clock behind it."""

    settings: Settings
    classifier: Classifier
    store: Store
    metrics: Metrics
    progress: Progress


def build_app(parts: Parts) -> faust.App:
    """Wire the agents classify, aggregate, detect, deliver and store onto their topics."""
    settings, metrics = parts.settings, parts.metrics
    app = faust_app(settings)
    acks = Acks(metrics)
    publisher = Publisher(
        {**aiokafka_options(settings.broker), "max_request_size": MAX_RECORD_BYTES}, metrics.waits
    )
    clock = SteadyClock()
    database = ThreadPoolExecutor(1, thread_name_prefix="store")

    def topic(name: TopicName) -> Any:
        return app.topic(topic_name(settings, name), **_RAW)

    def stateful(name: str, core: AggregateCore | DetectCore) -> Stateful:
        table = app.Table(
            f"{name}-state",
            partitions=1,
            key_type=bytes,
            value_type=bytes,
            extra_topic_configs={"max.message.bytes": str(MAX_RECORD_BYTES)},
        )
        return Stateful(app, core, Checkpoint(table), publisher, acks)

    drift = Drift(settings, parts.classifier, metrics)
    classify = Classify(app, settings, parts.classifier, publisher, acks, metrics, drift, clock)
    aggregate = stateful("aggregate", AggregateCore(settings, metrics))
    detect = stateful("detect", DetectCore(settings, parts.classifier.topics, metrics))
    deliver = Deliver(app, settings, parts.store, database, acks, metrics)

    app.agent(topic("documents"), name="classify")(classify.run)
    app.agent(topic("tallies"), name="aggregate")(aggregate.run)
    app.agent(topic("sentiment"), name="detect")(detect.run)
    app.agent(topic("alerts"), name="deliver")(deliver.run)
    stored: tuple[tuple[TopicName, type[Any], Any], ...] = (
        ("scored", ScoredDocument, parts.store.write_documents),
        ("sentiment", SentimentMinute, parts.store.write_sentiment),
        ("alerts", AlertEvent, parts.store.write_alerts),
        ("rejected", Rejected, parts.store.write_rejected),
    )
    stores = [StoreTopic(app, record, write, database, acks, metrics) for _, record, write in stored]
    for (name, _, _), store in zip(stored, stores, strict=True):
        app.agent(topic(name), name=f"store-{name}")(store.run)

    labels = StoreLabels(
        app,
        settings,
        parts.classifier.topics,
        parts.store.write_labels,
        database,
        publisher,
        acks,
        metrics,
    )
    app.agent(topic("labels"), name="store-labels")(labels.run)

    documents, tallies, sentiment = (topic_name(settings, n) for n in ("documents", "tallies", "sentiment"))

    async def on_revoked(sender: Any, revoked: set[Any], **_: Any) -> None:
        acks.forget({(tp.topic, tp.partition) for tp in revoked})
        classify.release({tp for tp in revoked if tp.topic == documents})
        for store in stores:
            store.release(revoked)
        topics = {tp.topic for tp in revoked}
        if tallies in topics:
            await aggregate.release()
        if sentiment in topics:
            await detect.release()
        if topics & {tallies, sentiment}:
            metrics.forget_sentiment()

    async def on_shutdown(sender: Any, **_: Any) -> None:
        await publisher.stop()
        drift.save()

    app.on_partitions_revoked.connect(cast(Any, on_revoked))
    app.on_before_shutdown.connect(cast(Any, on_shutdown))
    app.task(lambda: watch(app, acks, parts.progress, metrics))
    return app


_RAW: dict[str, Any] = {
    "key_type": bytes,
    "value_type": bytes,
    "key_serializer": "raw",
    "value_serializer": "raw",
}


def client_id(settings: Settings, pid: int) -> str:
    """What a worker's client id begins with: brokers, logs and its supervisor tell workers apart by it."""
    return f"{run_prefix(settings).removesuffix('.')}-{socket.gethostname()}-{pid}-"


def faust_app(settings: Settings) -> faust.App:
    """Make a Faust app whose settings avoid the library's known traps."""
    name = run_prefix(settings).removesuffix(".")
    return App(
        name,
        broker=[f"kafka://{server.strip()}" for server in settings.broker.servers.split(",")],
        broker_credentials=faust_credentials(settings.broker),
        broker_client_id=f"{client_id(settings, os.getpid())}{uuid.uuid4().hex[:6]}",
        # A killed worker's partitions move after 10 s, not after the default 60.
        broker_session_timeout=settings.worker.session_timeout,
        broker_heartbeat_interval=2.0,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=MAX_RECORD_BYTES,
        producer_max_request_size=MAX_RECORD_BYTES,
        processing_guarantee="at_least_once",
        # Events that Faust holds for one agent before it pauses the partition; its default is 4096.
        stream_buffer_maxsize=1024,
        # What is not acknowledged at a rebalance is read again, and counted once: no need to wait for it.
        stream_wait_empty=False,
        store="memory://",
        table_standby_replicas=0,
        topic_replication_factor=settings.topics.replication,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=str(settings.state_dir / "faust"),
    )
