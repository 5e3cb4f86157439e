"""`tocsin broker`: the embedded broker on its own, until it is told to stop."""

from __future__ import annotations

import json
import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import ConfigOption, JsonOption
from pipeline.errors import TocsinError


class EngineName(StrEnum):
    """Brokers that can run embedded."""

    AUTO = "auto"
    KAFKA = "kafka"
    TANSU = "tansu"


def broker(
    engine: Annotated[
        EngineName, typer.Option(help="auto: Apache Kafka where Java and its jars are, else Tansu.")
    ] = EngineName.AUTO,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Loopback port, 0 a free one; default that of broker.servers."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The broker's folder; default STATE_DIR/broker.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a Kafka broker on this machine, on loopback alone, until Ctrl-C or SIGTERM.

    Apache Kafka keeps its topics in the folder; Tansu keeps them in memory.
    """
    from pipeline.broker import start_broker
    from pipeline.broker.process import tail
    from pipeline.settings import load_settings

    settings = load_settings(config)
    if port is None:
        port = int(settings.broker.servers.split(",")[0].rpartition(":")[2])

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        with start_broker(
            engine.value, data or settings.state_dir / "broker", port, settings.broker.kafka_libs
        ) as running:
            if not running.durable:
                print("Tansu keeps topics in memory: they are gone when it stops.", file=sys.stderr)
            if as_json:
                told = {
                    "servers": running.servers,
                    "engine": running.engine,
                    "durable": running.durable,
                    "data": str(running.data),
                    "log": str(running.log),
                    "pid": running.pid,
                }
                print(json.dumps(told), flush=True)
            else:
                name = "Apache Kafka" if running.engine == "kafka" else "Tansu"
                print(f"{name} at {running.servers}, log in {running.log}. Ctrl-C stops it.", flush=True)
            status = running.wait()
            raise TocsinError(
                f"The broker ended by itself, status {status}. The end of {running.log}:\n{tail(running.log)}"
            )
    except KeyboardInterrupt:
        print("The broker has stopped.", file=sys.stderr)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(broker)
