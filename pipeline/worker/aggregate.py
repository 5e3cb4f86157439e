"""aggregate: tallies in, closed event minutes out. One partition, so one worker at a time."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pipeline.aggregate import OVERALL, Aggregate, Snapshot, StateError, Totals
from pipeline.errors import TocsinError
from pipeline.records import SentimentMinute, Tally
from pipeline.settings import Settings
from pipeline.topics import topic_name
from pipeline.watermark import FOREVER
from pipeline.worker.checkpoint import State
from pipeline.worker.metrics import Metrics
from pipeline.worker.publish import Outgoing

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Tally)


class AggregateCore:
    """The aggregate with its place in Kafka."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._topic = topic_name(settings, "sentiment")
        self._aggregate = self._fresh()
        self._shown = Totals()

    def load(self, state: State | None) -> None:
        """Begin from a state, or afresh."""
        if state is None:
            self._aggregate = self._fresh()
        else:
            snapshot = Snapshot(head=state.head, segments=state.segments)
            try:
                self._aggregate = Aggregate.restore(snapshot, self._settings.event_time)
            except StateError as error:
                raise TocsinError(str(error)) from error
        self._shown = msgspec.structs.replace(self._aggregate.totals)

    def apply(self, value: bytes) -> list[Outgoing]:
        """Count one tally; returns the minutes it closed or amended."""
        minutes = self._aggregate.apply(_decoder.decode(value))
        self._show(minutes)
        return [
            Outgoing(self._topic, _encode(minute), minute.minute.isoformat().encode()) for minute in minutes
        ]

    def save(self) -> tuple[bytes, Mapping[str, bytes]]:
        """Give the state."""
        snapshot = self._aggregate.snapshot()
        return snapshot.head, snapshot.segments

    @property
    def ended(self) -> bool:
        """The last minute of a replay is closed."""
        return self._aggregate.ended

    def _fresh(self) -> Aggregate:
        return Aggregate(self._settings.run, self._settings.topics.partitions, self._settings.event_time)

    def _show(self, minutes: list[SentimentMinute]) -> None:
        totals, shown = self._aggregate.totals, self._shown
        self._metrics.counted.inc(totals.documents - shown.documents)
        self._metrics.duplicates.inc(totals.duplicates - shown.duplicates)
        self._metrics.late.inc(totals.late - shown.late)
        self._metrics.capped.inc(totals.capped - shown.capped)
        self._metrics.merged.inc(totals.merged - shown.merged)
        self._metrics.forced.inc(totals.forced - shown.forced)
        self._shown = msgspec.structs.replace(totals)
        watermark = self._aggregate.watermark
        if watermark is not None and not self.ended:
            self._metrics.watermark.set(watermark)
        self._metrics.source_lateness.shown = self._aggregate.lateness
        self._metrics.open_documents.set(self._aggregate.open_documents)
        closed = sum(minute.revision == 0 and not minute.final for minute in minutes)
        if closed:
            self._metrics.minutes.inc(closed)
            for what, count in zip(("id", "story"), self._aggregate.remembered, strict=True):
                self._metrics.remembered.labels(what).set(count)
            for partition, high in enumerate(self._aggregate.highs):
                if high is not None and high < FOREVER:
                    self._metrics.partition_time.labels(partition).set(high)
            rolling = self._aggregate.rolling
            for key in rolling.keys | {OVERALL}:
                self._metrics.show_sentiment(key, rolling.windows(key))
