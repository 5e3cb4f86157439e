"""One pass over a history, several detectors: what other settings would have made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from alerts.events import AlertEvent
from pipeline.classify import Incoming, classify_batch
from pipeline.errors import UsageError
from pipeline.replay.history import History
from pipeline.replay.offline import BATCH, Core
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.watchlists import Watchlists


def replay_each(
    history: History,
    classifier: Classifier,
    every: Sequence[Settings],
    *,
    now: datetime,
    on_scored: Callable[[int], None] = lambda _: None,
) -> list[list[AlertEvent]]:
    """The alert events of a history under each of those settings; each document is classified once.

    Settings may differ in detection and event time.

    Raises:
        UsageError: they name different models, whose answers would have to be compared, not settings.
    """
    if len({(each.model.path, each.model.long_texts) for each in every}) > 1:
        raise UsageError("the two settings name different models; give both the same `model.path`")
    if any(each.watchlists != every[0].watchlists for each in every):
        raise UsageError("the two settings follow different watchlists; give both the same `[watchlists]`")
    watchlists = Watchlists(every[0].watchlists)
    run = every[0].run
    cores = [Core.begin(run, 1, each, classifier.topics, lambda _: None) for each in every]
    tolerance = max(each.event_time.future_tolerance for each in every)
    count = len(history.documents)
    for start in [*range(0, count, BATCH), count]:
        documents = history.documents[start : start + BATCH]
        records = [
            Incoming(0, start + at, msgspec.json.encode(document)) for at, document in enumerate(documents)
        ]
        classified = classify_batch(
            records or [Incoming(0, start, b"", end=True)],
            classifier,
            run=run,
            topic=history.feed,
            now=now,
            future_tolerance=tolerance,
            live=False,
            watchlists=watchlists,
            detect_language=False,
        )
        for tally in classified.tallies:
            for core in cores:
                core.apply(tally)
        on_scored(len(documents))
    return [core.events for core in cores]
