"""A history as closed minutes, for those who look at detection alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from alerts.events import Observation
from pipeline.aggregate import Aggregate
from pipeline.classify import Incoming, classify_batch
from pipeline.detection import is_observed, observation
from pipeline.replay.history import History
from pipeline.replay.offline import BATCH
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.watchlists import Watchlists


def observe(
    history: History,
    classifier: Classifier,
    settings: Settings,
    *,
    now: datetime,
    on_scored: Callable[[int], None] = lambda _: None,
) -> Iterator[Observation]:
    """Every closed minute with documents, as the detector of `replay_offline` is shown it.

    `on_scored` is told how many documents were classified since it was last told.
    """
    aggregate = Aggregate(settings.run, 1, settings.event_time)
    watchlists = Watchlists(settings.watchlists)
    count = len(history.documents)
    for start in [*range(0, count, BATCH), count]:
        documents = history.documents[start : start + BATCH]
        records = [
            Incoming(0, start + at, msgspec.json.encode(document)) for at, document in enumerate(documents)
        ]
        classified = classify_batch(
            records or [Incoming(0, start, b"", end=True)],
            classifier,
            run=settings.run,
            topic=history.feed,
            now=now,
            future_tolerance=settings.event_time.future_tolerance,
            live=False,
            watchlists=watchlists,
            detect_language=False,
        )
        for tally in classified.tallies:
            for minute in aggregate.apply(tally):
                if is_observed(minute) and minute.rows:
                    yield observation(minute)
        on_scored(len(documents))
