"""The demo's run on real brokers: what it shows, what it reports, and that nothing stays behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaProducer

from alerts.settings import DeliverySettings
from pipeline.broker.process import port_taken
from pipeline.demo import read_feed
from pipeline.demo.run import DemoResult, demo_settings, run
from pipeline.records import AlertEvent, SentimentMinute
from pipeline.replay.history import History
from pipeline.replay.pace import Pace
from pipeline.replay.result import ReplayResult
from pipeline.settings import BrokerSettings, Settings, StoreSettings
from pipeline.topics import create, topic_name

NOW = datetime(2023, 3, 18, tzinfo=UTC)
START = datetime(2023, 3, 10, 14, 0, tzinfo=UTC)


class Seen:
    """A watcher that remembers, and says when the last minute has come."""

    def __init__(self) -> None:
        self.counts = [0, 0]
        self.minutes: list[SentimentMinute] = []
        self.alerts: list[AlertEvent] = []
        self.everything = threading.Event()

    def _check(self) -> None:
        if self.counts == [3, 1] and len(self.minutes) == 2 and self.alerts:
            self.everything.set()

    def scored(self, documents: int) -> None:
        self.counts[0] += documents
        self._check()

    def rejected(self, documents: int) -> None:
        self.counts[1] += documents
        self._check()

    def minute(self, minute: SentimentMinute) -> None:
        self.minutes.append(minute)
        self._check()

    def alert(self, event: AlertEvent) -> None:
        self.alerts.append(event)
        self._check()


def alert(seq: int = 0) -> AlertEvent:
    return AlertEvent(
        id="a",
        seq=seq,
        run="demo",
        key="financials",
        kind="negative_surge",
        severity="critical",
        state="firing",
        reason="fired",
        started_at=START,
        detected_at=START + timedelta(minutes=5),
        resolved_at=None,
        window_minutes=60,
        observed=9,
        expected=1.0,
        observed_share=0.9,
        expected_share=0.3,
        surprise=8.0,
        threshold=4.0,
        evidence=(),
    )


def minute(offset: int, *, final: bool = False) -> SentimentMinute:
    at = START + timedelta(minutes=offset)
    return SentimentMinute(run="demo", minute=at, revision=0, final=final, rows=())


def result(history: History) -> ReplayResult:
    return ReplayResult(
        run="demo",
        via="kafka",
        feed=history.feed,
        model="none",
        settings_hash="",
        minutes=(),
        events=(alert(0), alert(1)),
        rejected=(),
        documents_in=len(history.documents),
        outside=0,
        scored=len(history.documents) - 3,
        duplicate=3,
        late=0,
        first=history.first,
        last=history.last,
        seconds=1.0,
    )


def publishing(seen: Seen, servers: list[str]) -> Callable[[Settings, History, Pace], ReplayResult]:
    """Stand in for the worker: put one of each record on the run's topics and wait until they were seen."""

    def replay(settings: Settings, history: History, pace: Pace) -> ReplayResult:
        servers.append(settings.broker.servers)
        create(settings)
        producer = KafkaProducer(bootstrap_servers=settings.broker.servers)
        for _ in range(3):
            producer.send(topic_name(settings, "scored"), b"{}")
        producer.send(topic_name(settings, "rejected"), b"{}")
        for record in (minute(0), minute(1, final=True)):
            producer.send(topic_name(settings, "sentiment"), msgspec.json.encode(record))
        producer.send(topic_name(settings, "alerts"), msgspec.json.encode(alert()))
        producer.send(topic_name(settings, "alerts"), key=b"end", headers=[("tocsin-end", b"")])
        producer.close()
        assert seen.everything.wait(60), "the view did not see what was published"
        return result(history)

    return replay


@pytest.mark.parametrize("engine", ["kafka", "tansu"])
def test_view_sees_what_the_run_publishes_and_the_broker_is_gone_at_the_end(
    engine: str, tmp_path: Path
) -> None:
    seen, servers, started, order = Seen(), list[str](), list[str](), list[str]()

    @contextmanager
    def console(own: Settings) -> Iterator[None]:
        order.append(f"console of {own.run} opens")
        yield
        order.append("closes")

    def afterwards(result: DemoResult) -> None:
        port = int(servers[0].rpartition(":")[2])
        order.append(f"{result.scored} scored, broker {'there' if port_taken(port) else 'gone'}")

    done = run(
        Settings(state_dir=tmp_path),
        read_feed(NOW),
        publishing(seen, servers),
        seen,
        engine=engine,  # type: ignore[arg-type]
        started=started.append,
        console=console,
        afterwards=afterwards,
    )
    assert started == [done.engine] == [engine]
    assert order == ["console of demo opens", "970 scored, broker gone", "closes"]
    assert (done.documents, done.scored, done.rejected, done.duplicates) == (973, 970, 0, 3)
    assert done.alerts == (alert(1),)
    assert seen.alerts == [alert(0)]
    assert [each.minute for each in seen.minutes] == [START, START + timedelta(minutes=1)]
    assert not port_taken(int(servers[0].rpartition(":")[2]))
    assert msgspec.json.decode(msgspec.json.encode(done), type=DemoResult) == done


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_or_a_fault_leaves_no_broker(error: type[BaseException], tmp_path: Path) -> None:
    servers: list[str] = []

    def replay(settings: Settings, history: History, pace: Pace) -> ReplayResult:
        servers.append(settings.broker.servers)
        KafkaAdminClient(bootstrap_servers=settings.broker.servers).close()
        raise error

    with pytest.raises(error):
        run(Settings(state_dir=tmp_path), read_feed(NOW), replay, Seen(), engine="kafka")
    assert not port_taken(int(servers[0].rpartition(":")[2]))


def test_the_demo_uses_nothing_of_the_users_but_what_decides(tmp_path: Path) -> None:
    users = Settings(
        state_dir=tmp_path,
        broker=BrokerSettings(servers="kafka.example:9093", security_protocol="SSL"),
        store=StoreSettings(url="postgresql+psycopg://tocsin@db.example/news"),
        delivery=DeliverySettings(webhook_url="https://hooks.example/x"),
    )
    own = demo_settings(users, "127.0.0.1:1234")
    assert own.broker == BrokerSettings(servers="127.0.0.1:1234")
    assert own.delivery == DeliverySettings()
    assert own.store.url == f"sqlite:///{tmp_path.resolve()}/demo/tocsin.db"
    assert (own.run, own.http.port, own.state_dir) == ("demo", 0, tmp_path.resolve() / "demo")
    assert (own.model, own.detector, own.event_time) == (users.model, users.detector, users.event_time)
