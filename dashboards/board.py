"""What a view shows, folded from a run's records: closed minutes and alert events in, plain values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.events import AlertEvent
from alerts.keys import OVERALL, watchlist_key, watchlist_of
from alerts.titles import Watchlists, watchlist_title
from pipeline.records import SentimentMinute, Window
from pipeline.rolling import Rolling, Sums

HOURS = 24
"""Hours that the spark line of a key spans."""
STAR = "★"
"""Marks a watchlist among topics."""
_DAY_MINUTES = HOURS * 60


@dataclass(frozen=True)
class TopicLine:
    """One key as the board shows it."""

    key: str
    label: str
    hour: Window
    """Rolling sentiment of the last 60 minutes of event time."""
    day: Window
    """The same of the last 24 hours."""
    negative_by_hour: tuple[int, ...]
    """Distinct negative stories of each of the last 24 event hours, oldest first."""
    firing: AlertEvent | None = None
    """The alert of this key that fires now."""


@dataclass(frozen=True)
class View:
    """Everything one picture shows."""

    run: str
    at: datetime | None = None
    """Event time: end of the last closed minute; None before the first."""
    documents: int = 0
    """Documents classified so far."""
    total: int | None = None
    """Documents the feed holds, where that is known."""
    rejected: int = 0
    rate: float | None = None
    """Documents a second, wall clock."""
    topics: tuple[TopicLine, ...] = ()
    """`overall` first, then those with most documents in 24 hours."""
    alerts: tuple[AlertEvent, ...] = ()
    """Each alert as it stands, newest first."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Names for people by key, for `label_of`."""

    @property
    def lag(self) -> int | None:
        """Documents of the feed that are neither classified nor rejected yet."""
        return None if self.total is None else max(0, self.total - self.documents - self.rejected)


def label_of(key: str, labels: Mapping[str, str]) -> str:
    """What a key is called, a watchlist with a star in front; without a label by the id or name it has."""
    name = watchlist_of(key)
    if name is None:
        return labels.get(key, key.replace("_", " "))
    return f"{STAR} {labels.get(key, name)}"


def watchlist_labels(watchlists: Watchlists) -> dict[str, str]:
    """Titles of the settings' watchlists by key, for the labels of a board."""
    keys = map(watchlist_key, watchlists)
    return {key: watchlist_title(key, "en", watchlists) or key for key in keys}


@dataclass
class Board:
    """Keeps what the views of one run are made of; `labels` holds the keys' names for people."""

    run: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.minutes = 0
        self._at: datetime | None = None
        self._rolling = Rolling(_DAY_MINUTES)
        self._negative: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._alerts: dict[str, AlertEvent] = {}

    def close(self, minute: SentimentMinute) -> None:
        """Take in a closed minute; amendments, the end mark and minutes seen before change nothing."""
        index = int(minute.minute.timestamp()) // 60
        seen = self._rolling.last is not None and index <= self._rolling.last
        if minute.revision or minute.final or seen:
            return
        sums = {
            row.key: Sums(documents=row.documents, negative=row.negative, score_sum=row.score_sum)
            for row in minute.rows
        }
        self._rolling.close(index, sums)
        hour = index // 60
        for row in minute.rows:
            counts = self._negative[row.key]
            counts[hour] = counts.get(hour, 0) + row.negative_stories
        if index % 60 == 0:
            for key, counts in self._negative.items():
                self._negative[key] = {h: n for h, n in counts.items() if h > hour - HOURS}
        self._at = minute.minute + timedelta(minutes=1)
        self.minutes += 1

    def ring(self, event: AlertEvent) -> None:
        """Take in an alert event; only the newest of an alert counts."""
        known = self._alerts.get(event.id)
        if known is None or known.seq < event.seq:
            self._alerts[event.id] = event

    @property
    def alerts(self) -> tuple[AlertEvent, ...]:
        """Each alert as it stands, in the order in which they rang."""
        return tuple(
            sorted(self._alerts.values(), key=lambda event: (event.detected_at, event.key, event.id))
        )

    def view(
        self,
        *,
        documents: int = 0,
        total: int | None = None,
        rejected: int = 0,
        rate: float | None = None,
    ) -> View:
        """Make the picture as of now."""
        firing = {event.key: event for event in self.alerts if event.state == "firing"}
        lines = [self._line(key, firing.get(key)) for key in self._negative]
        lines.sort(key=lambda line: (line.key != OVERALL, -line.day.documents, line.key))
        return View(
            run=self.run,
            at=self._at,
            documents=documents,
            total=total,
            rejected=rejected,
            rate=rate,
            topics=tuple(line for line in lines if line.day.documents or line.firing),
            alerts=self.alerts[::-1],
            labels=self.labels,
        )

    def _line(self, key: str, firing: AlertEvent | None) -> TopicLine:
        windows = self._rolling.windows(key)
        last = (self._rolling.last or 0) // 60
        counts = self._negative[key]
        return TopicLine(
            key=key,
            label=label_of(key, self.labels),
            hour=windows["1h"],
            day=windows["24h"],
            negative_by_hour=tuple(counts.get(hour, 0) for hour in range(last - HOURS + 1, last + 1)),
            firing=firing,
        )
