"""Watching a run go by: counts and records from one thread, pictures for another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from alerts.events import AlertEvent
from alerts.keys import OVERALL
from dashboards.board import Board, View
from dashboards.terminal import alert_line, progress_line
from pipeline.records import SentimentMinute


class RunWatch:
    """Folds what a run publishes; `view` may be asked for at any time, from any thread.

    `total` is how many documents the feed holds, `clock` is in seconds.
    """

    def __init__(
        self,
        run: str,
        total: int | None = None,
        labels: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = Board(run, labels or {})
        self._total = total
        self._clock = clock
        self._lock = threading.Lock()
        self._documents = 0
        self._rejected = 0
        self._heard: tuple[float, float] | None = None
        self._minutes: list[SentimentMinute] = []
        self._events: list[AlertEvent] = []

    def scored(self, documents: int) -> None:
        """So many more documents were classified."""
        with self._lock:
            self._documents += documents
            now = self._clock()
            self._heard = (self._heard[0] if self._heard else now, now)

    def rejected(self, documents: int) -> None:
        """So many more documents were refused."""
        with self._lock:
            self._rejected += documents

    def minute(self, minute: SentimentMinute) -> None:
        """A minute closed, or was amended."""
        with self._lock:
            self._board.close(minute)
            if minute.rows and not minute.revision:
                self._minutes.append(minute)

    def alert(self, event: AlertEvent) -> None:
        """An alert fired, grew or resolved."""
        with self._lock:
            self._board.ring(event)
            self._events.append(event)

    def view(self) -> View:
        """The picture as of now."""
        with self._lock:
            return self._board.view(
                documents=self._documents, total=self._total, rejected=self._rejected, rate=self._rate()
            )

    def height(self) -> View:
        """The board as it stood a window after the most surprising alert rang; as of now where none did.

        It is folded again from the records, so that it does not depend on how fast they came.
        """
        with self._lock:
            events = list(self._events)
            highest = max(events, key=lambda event: event.surprise, default=None)
            if highest is not None:
                at = highest.detected_at + timedelta(minutes=highest.window_minutes)
                board = Board(self._board.run, self._board.labels)
                documents = 0
                for minute in self._minutes:
                    if minute.minute < at:
                        board.close(minute)
                        documents += sum(row.documents for row in minute.rows if row.key == OVERALL)
                for event in events:
                    if event.detected_at <= at and event.state == "firing":
                        board.ring(event)
                return board.view(documents=documents, total=self._total)
        return self.view()

    def _rate(self) -> float | None:
        # Up to the last document and not to now: a run that is over keeps the speed it had.
        if self._heard is None or self._heard[0] == self._heard[1]:
            return None
        return self._documents / (self._heard[1] - self._heard[0])


class PlainWatch(RunWatch):
    """The same without a terminal: hands on a line a day of event time, and one for each alert that fires."""

    def __init__(
        self,
        run: str,
        total: int | None = None,
        labels: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        say: Callable[[str], None],
    ) -> None:
        super().__init__(run, total, labels, clock)
        self._say = say
        self._day: date | None = None

    def minute(self, minute: SentimentMinute) -> None:
        """A minute closed, or was amended; says so when it begins a day, or ends the run."""
        super().minute(minute)
        if minute.revision:
            return
        day = minute.minute.date()
        if minute.final or (self._day is not None and day > self._day):
            self._say(progress_line(self.view()))
        self._day = day

    def alert(self, event: AlertEvent) -> None:
        """An alert fired, grew or resolved; says so when it fired."""
        super().alert(event)
        if event.seq == 0:
            self._say(alert_line(event))
