"""The embedded broker: keeps what it was given, tells why it cannot start, never outlives its owner."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from pipeline.broker import RunningBroker, start_broker
from pipeline.broker.kafka import CHECKOUT_LIBS, missing, properties
from pipeline.broker.process import free_port
from pipeline.errors import TocsinError, UsageError
from tests.kafka import new_run_name

ROOT = Path(__file__).parents[2]


def create_topic(servers: str, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
        admin.wait_for_topics([topic])
    finally:
        admin.close()


def produce(servers: str, topic: str, values: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=servers)
    try:
        for future in [producer.send(topic, value) for value in values]:
            future.get(timeout=30)
    finally:
        producer.close()


def consume(servers: str, topic: str, count: int) -> list[bytes]:
    consumer = KafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest", group_id=None)
    try:
        return [next(consumer).value for _ in range(count)]
    finally:
        consumer.close()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def await_exit(pidfds: list[int], seconds: float = 60) -> bool:
    """Whether every process behind the descriptors ended within the time."""
    for pidfd in pidfds:
        if not select.select([pidfd], [], [], seconds)[0]:
            return False
        os.close(pidfd)
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("broker, ünd 2")


OWNER = """
import sys, time, pathlib
from pipeline.broker import start_broker
broker = start_broker(sys.argv[1], pathlib.Path(sys.argv[2]))
print(broker.pid, broker.servers, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(folder: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, request.param, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_kafka_keeps_topics_and_records_over_a_restart_and_a_crash(folder: Path) -> None:
    topic = new_run_name()
    with start_broker("kafka", folder) as broker:
        assert broker.engine == "kafka" and broker.durable
        create_topic(broker.servers, topic)
        produce(broker.servers, topic, [b"one", b"two"])
    assert not broker.alive
    with start_broker("kafka", folder) as broker:
        assert consume(broker.servers, topic, 2) == [b"one", b"two"]
        produce(broker.servers, topic, [b"three"])
        broker.kill()
        assert not broker.alive
    with start_broker("kafka", folder) as broker:
        assert consume(broker.servers, topic, 3) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("owner", ["kafka", "tansu"], indirect=True)
def test_nothing_is_left_when_the_owner_is_killed(owner: subprocess.Popen[str]) -> None:
    assert owner.stdout is not None
    guard = int(owner.stdout.readline().split()[0])
    (broker,) = children(guard)
    pidfds = [os.pidfd_open(guard), os.pidfd_open(broker)]
    owner.send_signal(signal.SIGKILL)
    assert await_exit(pidfds)


def test_the_broker_dies_with_its_guard(tmp_path: Path) -> None:
    broker = start_broker("tansu", tmp_path)
    (child,) = children(broker.pid)
    pidfd = os.pidfd_open(child)
    os.kill(broker.pid, signal.SIGKILL)
    assert await_exit([pidfd])
    broker.stop()


def test_a_second_broker_on_the_same_folder_is_refused(tmp_path: Path, kafka_broker: RunningBroker) -> None:
    with pytest.raises(TocsinError, match="already runs in"):
        start_broker("kafka", kafka_broker.data)
    assert kafka_broker.alive


def test_tansu_takes_and_gives_records(tmp_path: Path) -> None:
    with start_broker("tansu", tmp_path) as broker:
        assert broker.engine == "tansu" and not broker.durable
        create_topic(broker.servers, "smoke")
        produce(broker.servers, "smoke", [b"one", b"two"])
        assert consume(broker.servers, "smoke", 2) == [b"one", b"two"]


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with start_broker("tansu", tmp_path / "a") as broker, pytest.raises(TocsinError, match=str(broker.port)):
        start_broker("tansu", tmp_path / "b", port=broker.port)


def test_a_port_is_taken_as_asked(tmp_path: Path) -> None:
    port = free_port()
    with start_broker("tansu", tmp_path, port=port) as broker:
        assert broker.servers == f"127.0.0.1:{port}"


def test_missing_jars_say_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"jars are not in .*make setup"):
        start_broker("kafka", tmp_path, libs=tmp_path)


def test_auto_takes_kafka_where_it_can_and_tansu_else(tmp_path: Path) -> None:
    from pipeline.broker.start import choose

    assert missing(CHECKOUT_LIBS) is None
    assert choose("auto", CHECKOUT_LIBS) == "kafka"
    assert choose("auto", tmp_path) == "tansu"


def test_a_broker_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "meta.properties").write_text("version=1\ncluster.id=x\nnode.id=99\n")
    with pytest.raises(TocsinError, match=r"(?s)ended with status.*node"):
        start_broker("kafka", tmp_path)


def test_configuration_listens_on_loopback_alone() -> None:
    lines = dict(line.split("=", 1) for line in properties(1, 2, "logs").splitlines())
    hosts = [value.split("://")[1].split(":")[0] for value in lines["listeners"].split(",")]
    assert hosts == ["127.0.0.1", "127.0.0.1"]
    assert lines["auto.create.topics.enable"] == "false"


def test_the_command_says_where_it_listens_and_stops_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.cli.main", "broker", "--engine", "tansu", "--port", "0"]
    command += ["--data", str(tmp_path), "--json"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        told = json.loads(process.stdout.readline())
        assert told["engine"] == "tansu" and told["durable"] is False
        create_topic(told["servers"], "told")
        pidfd = os.pidfd_open(told["pid"])
        process.terminate()
        assert process.wait(30) == 0
        assert await_exit([pidfd])
        assert "memory" in process.stderr.read()
