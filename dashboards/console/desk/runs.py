"""Replays at work: a process each, started for whoever has the desk open, ended when nobody has."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct

from dashboards import query
from dashboards.console.desk.messages import Command, Moment, Order
from pipeline.config import environment
from pipeline.demo import FEED
from pipeline.settings import Settings
from pipeline.store import Store

MOST = 4
"""Replays at a time: each holds a history and, for feeds, a model."""
_STOP_SECONDS = 5.0
_SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".csv.gz", ".jsonl.gz")


class Feed(Struct, frozen=True, kw_only=True):
    """Something that can be played."""

    id: str
    """`demo`, `run:NAME` or `file:NAME`; a browser sends it back, and only what was offered counts."""
    kind: str
    name: str
    """Path or run, as an order has it."""
    first: date | None = None
    last: date | None = None
    """Days that it holds, the last one included; unknown for files."""


class Desks:
    """All replays of one console; `feeds` is a folder whose files are offered, too."""

    def __init__(self, settings: Settings, feeds: Path | None = None) -> None:
        self._settings, self._folder = settings, feeds
        self._running: set[Replay] = set()
        self._lock = threading.Lock()

    def feeds(self, store: Store | None) -> list[Feed]:
        """What can be played: the demo's feed, the store's runs, the folder's files."""
        found = [Feed(id="demo", kind="file", name=str(FEED), first=date(2023, 3, 1), last=date(2023, 3, 17))]
        if store is not None:
            for info in query.runs(store):
                if info.first is not None and info.last is not None:
                    days = {"first": info.first.date(), "last": info.last.date()}
                    found.append(Feed(id=f"run:{info.run}", kind="run", name=info.run, **days))
        if self._folder is not None and self._folder.is_dir():
            files = sorted(file for file in self._folder.iterdir() if file.name.lower().endswith(_SUFFIXES))
            found += [Feed(id=f"file:{file.name}", kind="file", name=str(file)) for file in files]
        return found

    def start(self, order: Order, changed: Callable[[], None] = lambda: None) -> Replay | None:
        """Start a replay; None where too many run."""
        with self._lock:
            self._running = {replay for replay in self._running if replay.alive}
            if len(self._running) >= MOST:
                return None
            replay = Replay(order, self._settings, changed)
            self._running.add(replay)
            return replay

    def close(self) -> None:
        """End all replays."""
        with self._lock:
            for replay in self._running:
                replay.close()
            self._running.clear()


class Replay:
    """One replay's process and the last that it told; safe to use from several threads."""

    def __init__(self, order: Order, settings: Settings, changed: Callable[[], None]) -> None:
        self.moment = Moment(state="reading")
        self.number = 0
        """Counts moments, so that a change can be told."""
        self._changed = changed
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dashboards.console.desk"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(settings, os.environ),
        )
        self._send(msgspec.json.encode(order))
        threading.Thread(target=self._listen, name="desk", daemon=True).start()

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def command(self, command: Command) -> None:
        """Have it play, pause, jump or change its speed."""
        self._send(msgspec.json.encode(command))

    def close(self) -> None:
        """End the process, and wait for that."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, line: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.closed:
            return
        try:
            stdin.write(line + b"\n")
            stdin.flush()
        except OSError:
            self._tell(Moment(state="failed", problem="the replay's process has ended"))

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._tell(msgspec.json.decode(line, type=Moment))
        if self.moment.state in ("reading", "playing"):
            self._tell(Moment(state="failed", problem=f"the replay ended with status {self._process.wait()}"))

    def _tell(self, moment: Moment) -> None:
        self.moment = moment
        self.number += 1
        self._changed()
