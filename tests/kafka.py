"""A real Apache Kafka for the tests, one a session, and names that keep tests apart on it.

TOCSIN_BROKER=host:port takes a Kafka of yours instead; TOCSIN_BROKER__SECURITY_PROTOCOL and the other
settings under [broker] say how to get in.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.broker import RunningBroker, start_broker
from pipeline.broker import kafka as kafka_process
from pipeline.broker.process import await_ready, hold, spawn, stop_process
from pipeline.settings import BrokerSettings, load_settings
from tests.servers import free_port


def broker_of_yours() -> BrokerSettings | None:
    """The Kafka that the environment names; None where the tests start their own."""
    servers = os.environ.get("TOCSIN_BROKER")
    if not servers:
        return None
    settings = load_settings().broker.model_dump()
    return BrokerSettings(**{**settings, "servers": servers})


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """Apache Kafka on loopback; missing jars or Java are an error that says `make setup`."""
    with start_broker("kafka", tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_settings(request: pytest.FixtureRequest) -> BrokerSettings:
    """How to reach the session's Kafka: the one the environment names, else one of our own."""
    yours = broker_of_yours()
    return yours or BrokerSettings(servers=request.getfixturevalue("kafka_broker").servers)


@pytest.fixture(scope="session")
def kafka(kafka_broker: RunningBroker) -> str:
    """Bootstrap servers of the session's Apache Kafka, as `broker.servers` takes them."""
    return kafka_broker.servers


@pytest.fixture
def run_name() -> str:
    """A run of this test's own, so that its topics are nobody else's."""
    return new_run_name()


def new_run_name(stem: str = "test") -> str:
    """A run name that nothing has used."""
    return f"{stem}-{uuid.uuid4().hex[:12]}"


@dataclass(frozen=True)
class Listener:
    """One more address of a broker."""

    name: str
    port: int
    advertised: int
    """The port that clients are told: that of a proxy before it, or the same."""
    protocol: str = "PLAINTEXT"
    options: Mapping[str, str] = field(default_factory=dict)
    """Of this listener alone, without their prefix."""


class Broker:
    """An Apache Kafka with further listeners, that can be stopped, killed and started again where it was."""

    def __init__(self, folder: Path, listeners: Sequence[Listener] = ()) -> None:
        self._folder = folder
        self._listeners = listeners
        self._running: RunningBroker | None = None
        self.port = free_port()
        self.servers = f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        log, controller = self._folder / "kafka.log", free_port()
        lock = hold(self._folder)
        try:
            command = kafka_process.prepare(
                self._folder, self.port, controller, kafka_process.CHECKOUT_LIBS, log, lock
            )
            # The later of two lines with one key counts.
            with (self._folder / "server.properties").open("a") as config:
                config.writelines(f"{name}={value}\n" for name, value in self._more(controller).items())
            process = spawn(command, log, lock)
        finally:
            os.close(lock)
        self._running = RunningBroker("kafka", self.port, self._folder, log, process)
        try:
            await_ready(self._running)
        except BaseException:
            stop_process(process)
            raise

    def stop(self) -> None:
        """Stop it cleanly."""
        if self._running is not None:
            self._running.stop()
        self._running = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._running is not None:
            self._running.kill()
        self._running = None

    def _more(self, controller: int) -> dict[str, str]:
        own = [("CLIENT", self.port, self.port, "PLAINTEXT")]
        own += [(each.name, each.port, each.advertised, each.protocol) for each in self._listeners]
        values = {
            "listeners": ",".join(
                [f"{name}://127.0.0.1:{port}" for name, port, _, _ in own]
                + [f"CONTROLLER://127.0.0.1:{controller}"]
            ),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{told}" for name, _, told, _ in own),
            "listener.security.protocol.map": ",".join(
                [f"{name}:{protocol}" for name, _, _, protocol in own] + ["CONTROLLER:PLAINTEXT"]
            ),
        }
        for each in self._listeners:
            prefix = f"listener.name.{each.name.lower()}."
            values |= {prefix + key: value for key, value in each.options.items()}
        return values
