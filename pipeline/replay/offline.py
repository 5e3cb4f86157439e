"""The offline shell: the same core as the worker's, in a loop over a history, without a broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from alerts.events import AlertEvent
from alerts.health import FeedHealth
from alerts.keys import OVERALL, watchlist_key
from alerts.monitor import SurgeMonitor
from pipeline.aggregate import Aggregate
from pipeline.classify import Incoming, classify_batch
from pipeline.detection import is_amended, is_observed, observation
from pipeline.records import Rejected, ScoredDocument, SentimentMinute, Tally
from pipeline.replay.history import History
from pipeline.replay.pace import Pace
from pipeline.replay.result import ReplayResult, settings_hash
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.watchlists import Watchlists

BATCH = 1024
"""Documents that are classified at once; the classifier cuts them to its own token budget."""

OnEvent = Callable[[AlertEvent], None]
OnDocuments = Callable[[Sequence[ScoredDocument]], None]


@dataclass
class Core:
    """Aggregate and detector of one run, and what they have said."""

    aggregate: Aggregate
    health: FeedHealth
    monitor: SurgeMonitor
    on_event: OnEvent
    minutes: list[SentimentMinute] = field(default_factory=list)
    """Minutes that had documents, in order; quiet ones say nothing."""
    events: list[AlertEvent] = field(default_factory=list)

    @classmethod
    def begin(
        cls, run: str, partitions: int, settings: Settings, topics: Sequence[str], on_event: OnEvent
    ) -> Core:
        """Aggregate and detector that have heard nothing yet."""
        return cls(
            aggregate=Aggregate(run, partitions, settings.event_time),
            health=FeedHealth(settings.feeds, run),
            monitor=SurgeMonitor(
                settings.detector,
                run=run,
                keys=(OVERALL, *topics, *map(watchlist_key, sorted(settings.watchlists))),
            ),
            on_event=on_event,
        )

    def apply(self, tally: Tally) -> None:
        """Count one tally and let the detector see the minutes it closed."""
        for minute in self.aggregate.apply(tally):
            if minute.rows:
                self.minutes.append(minute)
            if is_observed(minute):
                for event in self._observe(minute):
                    self.events.append(event)
                    self.on_event(event)
            elif is_amended(minute):
                self.monitor.amend(observation(minute))

    def _observe(self, minute: SentimentMinute) -> list[AlertEvent]:
        """The feed first: while it is down, what the minute holds is not what happened."""
        silences = self.health.observe(int(minute.minute.timestamp()) // 60, minute.sources)
        return [*silences, *self.monitor.observe(observation(minute, gap=self.health.gap))]


def replay_offline(
    history: History,
    classifier: Classifier,
    settings: Settings,
    *,
    run: str,
    now: datetime,
    pace: Pace | None = None,
    batch: int = BATCH,
    clock: Callable[[], float] = time.monotonic,
    on_scored: Callable[[int], None] = lambda _: None,
    on_event: OnEvent = lambda _: None,
    on_documents: OnDocuments | None = None,
) -> ReplayResult:
    """Replay `history` in this process: one partition, a document's offset is its position in the history.

    `now` is the wall clock for stamps in the future and for rejections; `clock` (seconds) times the run.
    `on_scored` is told how many documents were classified since it was last told; `on_documents` gets them,
    with their languages, which are told for nobody else.
    """
    begun = clock()
    core = Core.begin(run, 1, settings, classifier.topics, on_event)
    watchlists = Watchlists(settings.watchlists)
    rejected = list(history.rejected)
    stamps = [document.published_at for document in history.documents]

    def feed(records: Sequence[Incoming], start: int) -> None:
        classified = classify_batch(
            records,
            classifier,
            run=run,
            topic=history.feed,
            now=now,
            future_tolerance=settings.event_time.future_tolerance,
            live=False,
            watchlists=watchlists,
            detect_language=on_documents is not None,
        )
        if on_documents is not None:
            on_documents(classified.scored)
        rejected.extend(_in_feed(each, history) for each in classified.rejected)
        for tally in classified.tallies:
            core.apply(tally)

    for positions in (pace or Pace()).batches(stamps, batch):
        feed(
            [Incoming(0, at, msgspec.json.encode(history.documents[at])) for at in positions], positions.start
        )
        on_scored(len(positions))
    feed([Incoming(0, len(stamps), b"", end=True)], len(stamps))

    totals = core.aggregate.totals
    return ReplayResult(
        run=run,
        via="offline",
        feed=history.feed,
        model=classifier.model,
        settings_hash=settings_hash(settings),
        minutes=tuple(core.minutes),
        events=tuple(core.events),
        rejected=tuple(rejected),
        documents_in=len(history.documents) + len(history.rejected),
        outside=history.outside,
        scored=totals.documents,
        duplicate=totals.duplicates,
        late=totals.late,
        first=history.first,
        last=history.last,
        seconds=clock() - begun,
    )


def _in_feed(rejected: Rejected, history: History) -> Rejected:
    """Name the row of the feed in place of the position in the history."""
    return msgspec.structs.replace(rejected, offset=history.rows[rejected.offset])
