"""Records the classes that Apache Kafka loads, so that it starts in half the time.

`python -m pipeline.broker.archive`, once after the jars were fetched; `make setup` does it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.broker import kafka
from pipeline.broker.process import RunningBroker, await_ready, free_port, hold, spawn, stop_process


def record(libs: Path = kafka.CHECKOUT_LIBS) -> Path:
    """Start a broker in a throwaway folder, stop it, and keep the classes it loaded beside its jars."""
    libs = libs.resolve()
    archive, fresh = libs / kafka.ARCHIVE, libs / f"{kafka.ARCHIVE}.new"
    archive.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log, lock, port = folder / "kafka.log", hold(folder), free_port()
        try:
            options = (f"-XX:ArchiveClassesAtExit={fresh}", "-Xlog:disable", "-Xlog:all=error:stderr")
            command = kafka.prepare(folder, port, free_port(), libs, log, lock, options)
            process = spawn(command, log, lock)
        finally:
            os.close(lock)
        try:
            await_ready(RunningBroker("kafka", port, folder, log, process))
        finally:
            stop_process(process)
        fresh.replace(archive)
    return archive


if __name__ == "__main__":
    record()
