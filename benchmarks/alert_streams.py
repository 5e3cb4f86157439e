"""Streams of real news as the detector sees them: every document classified once, its minutes counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from alerts import OVERALL, AlertEvent, DetectorSettings, Observation, SurgeMonitor
from pipeline.feed import open_feed
from pipeline.model import load_classifier
from pipeline.records import Document
from pipeline.replay import read_history
from pipeline.replay.observe import observe
from pipeline.score_cache import CachedClassifier, ScoreCache
from pipeline.settings import Settings

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
    change: Callable[[Sequence[Document]], Sequence[Document]] | None = None,
    on_scored: Callable[[int], None] = lambda _: None,
) -> Stream:
    """Count a feed's documents, `change`d first, into minutes; scores are kept under the state folder."""
    begun = time.monotonic()
    with open_feed(str(path), now=LATER, mapping={}, format="auto", run="bench", future_tolerance=0) as feed:
        history = read_history(feed)
    if change is not None:
        documents = tuple(change(history.documents))
        history = replace(history, documents=documents, rows=tuple(range(1, len(documents) + 1)))
    cache = ScoreCache(settings.state_dir / "cache" / "scores.sqlite", print)
    classifier = CachedClassifier(load_classifier(settings), cache)
    seen = tuple(observe(history, classifier, settings.with_run("bench"), now=LATER, on_scored=on_scored))
    cache.close()
    return Stream(
        name=path.name.split(".")[0],
        model=classifier.model,
        keys=(OVERALL, *classifier.topics),
        observations=seen,
        documents=len(history.documents),
        seconds=time.monotonic() - begun,
    )


def ring(stream: Stream, detector: DetectorSettings) -> list[AlertEvent]:
    """Every alert event of a stream."""
    monitor = SurgeMonitor(detector, "bench", stream.keys)
    return [event for each in stream.observations for event in monitor.observe(each)]
