"""Streams of real news as the detector sees them: every document classified once, its minutes counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from alerts import OVERALL, AlertEvent, DetectorSettings, Observation, SurgeMonitor
from pipeline.aggregate import Aggregate
from pipeline.classify import Incoming, classify_batch
from pipeline.detection import is_observed, observation
from pipeline.feed import open_feed
from pipeline.model import load_classifier
from pipeline.records import Document
from pipeline.replay import read_history
from pipeline.score_cache import CachedClassifier, ScoreCache
from pipeline.settings import Settings

_BATCH = 1024
_PLENTY = 1_000_000
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stream:
    """Closed minutes of one feed, quiet ones left out, and the keys they may hold."""

    name: str
    model: str
    keys: tuple[str, ...]
    observations: tuple[Observation, ...]
    documents: int
    seconds: float
    """What reading, classifying and counting took."""


def read_stream(
    path: Path,
    settings: Settings,
    change: Callable[[Sequence[Document]], Sequence[Document]] = lambda documents: documents,
    on_scored: Callable[[int], None] = lambda _: None,
) -> Stream:
    """Count a feed's documents, `change`d first, into minutes; scores are kept under the state folder."""
    begun = time.monotonic()
    with open_feed(str(path), now=LATER, mapping={}, format="auto", run="bench", future_tolerance=0) as feed:
        documents = change(read_history(feed).documents)
    cache = ScoreCache(settings.state_dir / "cache" / "scores.sqlite", print)
    classifier = CachedClassifier(load_classifier(settings), cache)
    aggregate = Aggregate("bench", 1, settings.event_time)
    seen: list[Observation] = []
    for start in [*range(0, len(documents), _BATCH), len(documents)]:
        records = [
            Incoming(0, start + at, msgspec.json.encode(document))
            for at, document in enumerate(documents[start : start + _BATCH])
        ] or [Incoming(0, start, b"", end=True)]
        classified = classify_batch(
            records,
            classifier,
            run="bench",
            topic=path.name,
            starts={0: start},
            now=LATER,
            future_tolerance=_PLENTY,
            live=False,
            detect_language=False,
        )
        for tally in classified.tallies:
            seen += [
                observation(minute)
                for minute in aggregate.apply(tally)
                if is_observed(minute) and minute.rows
            ]
        on_scored(min(start + _BATCH, len(documents)))
    cache.close()
    return Stream(
        name=path.name.split(".")[0],
        model=classifier.model,
        keys=(OVERALL, *classifier.topics),
        observations=tuple(seen),
        documents=len(documents),
        seconds=time.monotonic() - begun,
    )


def ring(stream: Stream, detector: DetectorSettings) -> list[AlertEvent]:
    """Every alert event of a stream."""
    monitor = SurgeMonitor(detector, "bench", stream.keys)
    return [event for each in stream.observations for event in monitor.observe(each)]
