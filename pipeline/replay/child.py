"""A worker as a child process: it lives no longer than whoever needs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.broker.process import hold, spawn, stop_process, tail
from pipeline.config import environment
from pipeline.errors import TocsinError
from pipeline.settings import Settings


class WorkerProcess:
    """A running `tocsin worker`."""

    def __init__(self, command: list[str], settings: Settings, log: Path, lock: int) -> None:
        self.log = log
        self._process = spawn(command, log, lock, env=environment(settings, os.environ), cwd=Path.cwd())

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def check(self) -> None:
        """Raise `TocsinError` with the end of its log where it has ended."""
        status = self._process.poll()
        if status is not None:
            raise TocsinError(
                f"the worker ended with status {status}. The end of {self.log}:\n{tail(self.log)}"
            )

    def stop(self) -> None:
        """Have it stop cleanly, and wait."""
        stop_process(self._process)


WORKER = (sys.executable, "-m", "pipeline", "worker")


@contextmanager
def worker_process(settings: Settings, command: tuple[str, ...] = WORKER) -> Iterator[WorkerProcess]:
    """Run a worker with these settings; its log is kept in the state folder, under the run's name.

    Raises:
        TocsinError: a replay of the same name runs already.
    """
    folder = (settings.state_dir / "runs" / settings.run).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    lock = hold(folder, f"a replay named {settings.run} runs already; give this one another name with --run")
    try:
        worker = WorkerProcess(list(command), settings, folder / "worker.log", lock)
    finally:
        os.close(lock)
    try:
        yield worker
    finally:
        worker.stop()
