"""The offline core, a document at a time: one history, as many groups of settings as are compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from alerts.events import AlertEvent
from alerts.keys import OVERALL
from alerts.settings import DetectorSettings
from dashboards.board import Board, TopicLine
from dashboards.console.desk.messages import SHOWN, Course, Line, Side
from pipeline.records import SentimentMinute, Tally
from pipeline.replay.offline import Core
from pipeline.replay.result import latest_alerts
from pipeline.settings import Settings

LINES = 8
"""Topics that are shown."""
STEPS = 180
"""Steps of the course at most."""
_HOUR = 3600

Tallies = Callable[[int, int], Sequence[Tally]]
"""What the documents in positions [start, end) add up to; `end` beyond the last is the end of the feed."""


class Simulation:
    """Replays documents published at ascending `stamps` through a detector for each of `sides`."""

    def __init__(
        self,
        stamps: Sequence[float],
        tallies: Tallies,
        settings: Settings,
        sides: Sequence[DetectorSettings],
        topics: Sequence[str],
        *,
        run: str,
    ) -> None:
        self.position = 0
        self.rang = 0
        """Alerts that have begun on any side."""
        self._stamps, self._tallies = stamps, tallies
        self._board = Board(run)
        self._begin = stamps[0] if stamps else 0.0
        self._course: dict[int, int] = {}
        """Negative stories of each hour since 1970."""
        self._seen = 0
        self._since = float("-inf")
        self._cores = [
            Core.begin(run, 1, settings.model_copy(update={"detector": side}), topics, self._ring)
            for side in sides
        ]
        self.ended = False

    @property
    def next_stamp(self) -> float | None:
        """When the next document was published, unix seconds; None where none is left."""
        return self._stamps[self.position] if self.position < len(self._stamps) else None

    @property
    def at(self) -> datetime | None:
        """End of the last closed minute."""
        return self._board.view().at

    def learn(self, until: int, batch: int) -> None:
        """Hear the documents before position `until`; alerts that begin then are not told."""
        while self.position < until:
            self.advance(min(until, self.position + batch))
        if until:
            self._since = self._stamps[until - 1]
            self._begin = self._stamps[min(until, len(self._stamps) - 1)]
        self.rang = 0

    def advance(self, until: int) -> None:
        """Hear the documents before position `until`; beyond the last document, the feed's end, too."""
        if self.ended or until <= self.position:
            return
        for tally in self._tallies(self.position, until):
            for core in self._cores:
                core.apply(tally)
        self.ended = until > len(self._stamps)
        self.position = min(until, len(self._stamps))
        minutes = self._cores[0].minutes
        for minute in minutes[self._seen :]:
            self._board.close(minute)
            self._count(minute)
        self._seen = len(minutes)

    def _count(self, minute: SentimentMinute) -> None:
        hour = int(minute.minute.timestamp()) // _HOUR
        for row in minute.rows:
            if row.key == OVERALL and not minute.revision:
                self._course[hour] = self._course.get(hour, 0) + row.negative_stories

    def course(self) -> Course | None:
        """Bad stories from the first document that is told to the last, in at most `STEPS` steps."""
        if not self._stamps:
            return None
        first, last = int(self._begin) // _HOUR, int(self._stamps[-1]) // _HOUR + 1
        step = -(-(last - first) // STEPS)
        stories = [0] * -(-(last - first) // step)
        for hour, count in self._course.items():
            if first <= hour < last:
                stories[(hour - first) // step] += count
        return Course(
            begin=datetime.fromtimestamp(first * _HOUR, UTC),
            end=datetime.fromtimestamp((first + step * len(stories)) * _HOUR, UTC),
            stories=tuple(stories),
        )

    def lines(self) -> tuple[Line, ...]:
        """The topics that matter most now: those that ring on any side, then by bad stories of the day."""
        firing = {
            event.key
            for core in self._cores
            for event in latest_alerts(core.events)
            if event.state == "firing"
        }
        rows = sorted(self._board.view().topics, key=lambda row: _rank(row, firing))
        return tuple(
            Line(
                key=row.key,
                documents=row.hour.documents,
                mean=row.hour.mean,
                share=row.hour.negative_share,
                spark=row.negative_by_hour,
            )
            for row in rows[:LINES]
        )

    def sides(self) -> tuple[Side, ...]:
        """What each group of settings came to."""
        return tuple(self._side(core.events) for core in self._cores)

    def _side(self, events: Sequence[AlertEvent]) -> Side:
        told = [event for event in latest_alerts(events) if event.detected_at.timestamp() > self._since]
        days = {event.detected_at.astimezone(UTC).date() for event in told}
        return Side(alerts=tuple(told[: -SHOWN - 1 : -1]), total=len(told), days=len(days))

    def _ring(self, event: AlertEvent) -> None:
        if event.seq == 0:
            self.rang += 1


def _rank(row: TopicLine, firing: set[str]) -> tuple[bool, bool, int, str]:
    return (row.key not in firing, row.key != OVERALL, -sum(row.negative_by_hour), row.key)
