"""Apache Kafka as the embedded broker: one KRaft node from its Maven jars, durable in its folder."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

from pipeline.broker.process import run_to_end

CHECKOUT_LIBS = Path(__file__).parents[2] / "deploy" / "kafka" / "libs"
MINIMUM_JAVA = 17
ARCHIVE = "classes.jsa"
"""Beside the jars: their loaded classes, from which a JVM starts in half the time (class data sharing)."""

# C1 alone and the serial collector: half the start-up time, and no compiler threads beside the classifier's.
_JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
)

_LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = OUT
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
logger.kafkaconfig.name = kafka.server.KafkaConfig
logger.kafkaconfig.level = warn
"""


def missing(libs: Path) -> str | None:
    """What keeps Apache Kafka from running here, as a phrase; None when nothing does."""
    if not list(libs.glob("kafka_2.13-*.jar")):
        return f"its jars are not in {libs}"
    if (java := find_java()) is None:
        return "there is no `java`"
    if (version := java_version(java)) < MINIMUM_JAVA:
        return f"{java} is version {version}, it needs {MINIMUM_JAVA} or later"
    return None


def find_java() -> str | None:
    """Path of the Java launcher: of JAVA_HOME, else of PATH."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")


def java_version(java: str) -> int:
    """Major version of a Java launcher; 0 when it cannot tell."""
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', shown.stderr + shown.stdout)
    return int(found[1]) if found else 0


def properties(port: int, controller_port: int, logs: str) -> str:
    """The broker's configuration file: one node that is broker and controller, on loopback alone."""
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": logs,
        # A mistyped topic name is an error, not a new topic.
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 4,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # A lone worker need not wait for others to join its group.
        "group.initial.rebalance.delay.ms": 0,
        # After a crash a start waits until the old registration has run out; the default is 9 s.
        "broker.session.timeout.ms": 5000,
        "broker.heartbeat.interval.ms": 1000,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def prepare(
    data: Path,
    port: int,
    controller_port: int,
    libs: Path,
    log: Path,
    lock: int,
    jvm_options: tuple[str, ...] = (),
) -> list[str]:
    """Write the configuration, format the storage the first time; the command to run in `data`."""
    (data / "log4j2.properties").write_text(_LOGGING)
    config, logs = data / "server.properties", data / "logs"
    # Paths relative to the folder it runs in: Kafka would split a path at a comma.
    command = [
        str(Path(find_java() or "java").absolute()),
        *_JVM,
        *_shared_classes(libs),
        "-Dlog4j2.configurationFile=log4j2.properties",
        "-Dkafka.logs.dir=.",
        "-cp",
        os.pathsep.join(sorted(str(jar) for jar in libs.glob("*.jar"))),
    ]
    if not logs.is_dir():
        # Formatted beside its place and moved there, so that half a format is never taken for a whole one.
        fresh = data / "logs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        config.write_text(properties(port, controller_port, fresh.name))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        format_storage = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", config.name]
        run_to_end([*command, *format_storage], log, lock)
        fresh.rename(logs)
    config.write_text(properties(port, controller_port, logs.name))
    return [*command, *jvm_options, "kafka.Kafka", config.name]


def _shared_classes(libs: Path) -> list[str]:
    """Options to start from the classes that `pipeline.broker.archive` recorded; other JVMs ignore them."""
    archive = libs / ARCHIVE
    if not archive.is_file():
        return []
    return [f"-XX:SharedArchiveFile={archive}", "-Xlog:disable", "-Xlog:all=error:stderr"]
