"""detect: closed minutes in, alert events out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from alerts import SurgeMonitor
from alerts.events import AlertEvent
from alerts.health import FeedHealth
from alerts.keys import OVERALL, watchlist_key
from pipeline.detection import is_amended, is_observed, observation
from pipeline.errors import TocsinError
from pipeline.records import SentimentMinute
from pipeline.settings import Settings
from pipeline.topics import END_HEADER, topic_name
from pipeline.worker.checkpoint import State
from pipeline.worker.metrics import Metrics
from pipeline.worker.publish import Outgoing

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(SentimentMinute)


_SHOWN_EVERY = 5
"""Minutes of event time between two looks at the feeds' metrics: a replay has no time for more."""


class _Saved(msgspec.Struct, array_like=True):
    monitor: bytes
    health: bytes


_saved = msgspec.msgpack.Decoder(_Saved)


class DetectCore:
    """The surge monitor with its place in Kafka."""

    def __init__(self, settings: Settings, topics: Sequence[str], metrics: Metrics) -> None:
        self._settings = settings
        self._keys = (OVERALL, *topics, *map(watchlist_key, sorted(settings.watchlists)))
        self._metrics = metrics
        self._topic = topic_name(settings, "alerts")
        self._monitor = self._fresh()
        self._health = FeedHealth(settings.feeds, settings.run)
        self._shown: set[tuple[str, str]] = set()
        self._ended = False

    def load(self, state: State | None) -> None:
        """Begin from a state, or afresh."""
        self._monitor = self._fresh()
        self._health = FeedHealth(self._settings.feeds, self._settings.run)
        self._ended = False
        if state is not None:
            try:
                saved = _saved.decode(state.head)
                self._monitor.restore(saved.monitor)
                self._health.restore(saved.health)
            except (ValueError, msgspec.MsgspecError) as error:
                # Going on without it would leave alerts that fire now without anybody to resolve them.
                raise TocsinError(
                    f"the detector's state cannot be used: {error}. Put `detector.windows` back, or begin "
                    "anew under another `topics.prefix`."
                ) from error
        self._shown = set()
        self._show_firing()

    def apply(self, value: bytes) -> list[Outgoing]:
        """Show the monitor one minute; returns the alert events that follow, and the end mark of a replay."""
        minute = _decoder.decode(value)
        outgoing = []
        if is_observed(minute):
            for event in self._observe(minute):
                self._metrics.alert_events.labels(event.reason, event.severity).inc()
                outgoing.append(Outgoing(self._topic, _encode(event), event.id.encode()))
            self._show_firing()
            self._show_thresholds()
        elif is_amended(minute):
            self._monitor.amend(observation(minute))
        if minute.final:
            self._ended = True
            outgoing.append(Outgoing(self._topic, None, b"end", headers=((END_HEADER, b"1"),)))
        return outgoing

    def save(self) -> tuple[bytes, Mapping[str, bytes]]:
        """Give the state."""
        return msgspec.msgpack.encode(_Saved(self._monitor.snapshot(), self._health.snapshot())), {}

    @property
    def ended(self) -> bool:
        """The end mark was published."""
        return self._ended

    def _observe(self, minute: SentimentMinute) -> list[AlertEvent]:
        """The feed first: while it is down, what the minute holds is not what happened."""
        at = int(minute.minute.timestamp()) // 60
        silences = self._health.observe(at, minute.sources)
        if silences or at % _SHOWN_EVERY == 0:
            self._metrics.show_feeds(self._health.silent_for, self._health.firing, gap=self._health.gap)
        return [*silences, *self._monitor.observe(observation(minute, gap=self._health.gap))]

    def _fresh(self) -> SurgeMonitor:
        return SurgeMonitor(self._settings.detector, run=self._settings.run, keys=self._keys)

    def _show_thresholds(self) -> None:
        """Once an hour, when they change."""
        if (self._monitor.next_minute or 0) % 60:
            return
        for key, (threshold, budget, realised) in self._monitor.thresholds.items():
            self._metrics.threshold.labels(key).set(threshold)
            self._metrics.budget.labels(key).set(budget)
            self._metrics.realised.labels(key).set(math.nan if realised is None else realised)
        learning = self._monitor.learning
        for key in self._monitor.keys:
            self._metrics.learning.labels(key).set(key in learning)

    def _show_firing(self) -> None:
        firing: set[tuple[str, str]] = set(self._monitor.firing.items())
        for key, severity in self._shown - firing:
            self._metrics.firing.labels(key, severity).set(0)
        for key, severity in firing - self._shown:
            self._metrics.firing.labels(key, severity).set(1)
        self._shown = firing
