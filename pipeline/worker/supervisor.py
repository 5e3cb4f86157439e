"""`tocsin worker --workers N`: starts N workers, restarts those that die, and stops them all together."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType

from pipeline.broker.process import free_port
from pipeline.config import environment
from pipeline.errors import TocsinError, UsageError
from pipeline.settings import Settings
from pipeline.worker.fleet import Fleet, Seen, serve_fleet
from pipeline.worker.member import leave_group
from pipeline.worker.restarts import Restarts

log = logging.getLogger(__name__)

_LOOK = 0.1
_GRACE = 30.0
"""Seconds that workers get to stop cleanly."""
_USAGE = UsageError.exit_code


@dataclass
class Slot:
    """The place of one of the N workers: it is filled again when its worker ends."""

    number: int
    port: int
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    """Monotonic seconds before which no worker is started here."""
    restarts: Restarts = field(default_factory=Restarts)


class Supervisor:
    """N workers as child processes with the same settings, each with a port and a share of the cores."""

    def __init__(self, settings: Settings, workers: int, command: Sequence[str]) -> None:
        """`command` runs one worker; `--number N` is added to it."""
        self._settings = settings
        self._command = tuple(command)
        port = settings.http.port
        self._slots = [
            Slot(number, port + number if port else free_port()) for number in range(1, workers + 1)
        ]
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._threads = settings.model.threads or max(1, cores // workers)
        self._signals: SimpleQueue[int] = SimpleQueue()
        self._leaving: list[threading.Thread] = []

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; raises TocsinError where a setting is wrong."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        fleet = Fleet(self.seen)
        with serve_fleet(self._settings, fleet) as port:
            log.info("supervising %d workers, health of all on port %d", len(self._slots), port)
            try:
                while not self._asked_to_stop():
                    for slot in self._slots:
                        self._look_after(slot)
            finally:
                self._stop()

    def seen(self) -> list[Seen]:
        """Each worker as it stands now."""
        return [
            Seen(
                number=slot.number,
                pid=slot.process.pid if slot.process else None,
                url=f"http://{self._settings.http.host}:{slot.port}",
                restarts=slot.restarts.total,
                in_a_row=slot.restarts.in_a_row,
            )
            for slot in self._slots
        ]

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals.put(number)

    def _asked_to_stop(self) -> bool:
        try:
            number = self._signals.get(timeout=_LOOK)
        except Empty:
            return False
        log.info("%s: stopping %d workers", signal.Signals(number).name, len(self._slots))
        return True

    def _look_after(self, slot: Slot) -> None:
        now = time.monotonic()
        if slot.process is None:
            if now >= slot.start_at:
                self._start(slot)
            return
        status = slot.process.poll()
        if status is None:
            return
        pid, lived = slot.process.pid, now - slot.started_at
        _close(slot.process)
        slot.process = None
        if status == _USAGE and slot.restarts.total == 0:
            raise TocsinError(f"worker {slot.number} cannot run with these settings; the log above says why")
        pause = slot.restarts.ended(lived)
        slot.start_at = now + pause
        log.error(
            "worker %d (pid %d) ended %s after %.0f s; starting it again in %.1f s",
            slot.number, pid, _how(status), lived, pause,
        )  # fmt: skip
        if status:
            self._leaving = [each for each in self._leaving if each.is_alive()]
            leaving = threading.Thread(target=leave_group, args=(self._settings, pid), daemon=True)
            leaving.start()
            self._leaving.append(leaving)

    def _start(self, slot: Slot) -> None:
        slot.started_at = time.monotonic()
        slot.process = subprocess.Popen(  # noqa: S603 - our own command
            [*self._command, "--number", str(slot.number)],
            stdin=subprocess.PIPE,
            env=self._environment(slot),
            cwd=Path.cwd(),
            # Of its own session: Ctrl-C is for the supervisor, which then stops them all.
            start_new_session=True,
        )
        log.info("worker %d started (pid %d, port %d)", slot.number, slot.process.pid, slot.port)

    def _environment(self, slot: Slot) -> Mapping[str, str]:
        settings = self._settings.model_copy(
            update={
                "http": self._settings.http.model_copy(update={"port": slot.port}),
                "model": self._settings.model.model_copy(update={"threads": self._threads}),
            }
        )
        return environment(settings, os.environ)

    def _stop(self) -> None:
        running = [slot.process for slot in self._slots if slot.process is not None]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                # A stopped process (SIGSTOP) would not hear of it.
                process.send_signal(signal.SIGCONT)
                process.terminate()
        deadline = time.monotonic() + _GRACE
        while time.monotonic() < deadline and any(process.poll() is None for process in running):
            if not self._signals.empty():
                log.warning("asked again: killing the workers")
                break
            time.sleep(_LOOK)
        for process in running:
            if process.poll() is None:
                process.kill()
            process.wait()
            _close(process)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()


def _how(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"
