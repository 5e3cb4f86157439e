"""What a replay is fed with: a feed that is classified, or a run of the store, whose scores are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from dashboards.console.desk.messages import Order
from dashboards.console.desk.simulation import Tallies
from pipeline.classify import Incoming, classify_batch
from pipeline.errors import UsageError
from pipeline.feed import open_feed
from pipeline.model import load_classifier
from pipeline.records import Document, ScoredDocument, Tally
from pipeline.replay.history import History, read_history
from pipeline.score_cache import CachedClassifier, ScoreCache
from pipeline.scoring import Classifier
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.tally import tally
from pipeline.watchlists import Watchlists

LEAD = timedelta(days=28)
"""How far before the first date documents are heard, so that the detector knows what is normal."""
MOST = 2_000_000
"""Documents that are held in memory at most."""


@dataclass(frozen=True)
class Heard:
    """A history ready to be played."""

    stamps: Sequence[float]
    """When each document was published, ascending, unix seconds."""
    lead: int
    """How many of them lie before the first date."""
    tallies: Tallies
    topics: Sequence[str]


def hear(order: Order, settings: Settings, run: str, now: datetime) -> Heard:
    """Read what the order names; raises UsageError where that holds nothing between the dates."""
    since = order.start - LEAD if order.start else None
    heard = (
        _stored(order, settings, run, since)
        if order.kind == "run"
        else _file(order, settings, run, since, now)
    )
    if len(heard.stamps) == heard.lead:
        raise UsageError("feed_empty")
    return heard


def _lead(stamps: Sequence[float], start: datetime | None) -> int:
    return sum(stamp < start.timestamp() for stamp in stamps) if start else 0


def _file(order: Order, settings: Settings, run: str, since: datetime | None, now: datetime) -> Heard:
    with open_feed(order.name, now=now, run=run) as feed:
        history = read_history(feed, start=since, end=order.end)
    kept = ScoreCache(settings.state_dir / "cache" / "scores.sqlite", lambda notice: None)
    classifier = CachedClassifier(load_classifier(settings), kept)
    stamps = [document.published_at.timestamp() for document in history.documents]
    return Heard(
        stamps,
        _lead(stamps, order.start),
        _classifying(history, classifier, settings, run, now),
        classifier.topics,
    )


def _classifying(
    history: History, classifier: Classifier, settings: Settings, run: str, now: datetime
) -> Tallies:
    watchlists = Watchlists(settings.watchlists)
    encode, size = msgspec.json.encode, len(history.documents)

    def tallies(start: int, end: int) -> Sequence[Tally]:
        records = [Incoming(0, at, encode(history.documents[at])) for at in range(start, min(end, size))]
        if end > size:
            records.append(Incoming(0, size, b"", end=True))
        return classify_batch(
            records,
            classifier,
            run=run,
            topic=history.feed,
            now=now,
            future_tolerance=settings.event_time.future_tolerance,
            live=False,
            watchlists=watchlists,
            detect_language=False,
        ).tallies

    return tallies


def _stored(order: Order, settings: Settings, run: str, since: datetime | None) -> Heard:
    with Store.open(settings.store.url) as store:
        found = store.documents(order.name, start=since, end=order.end, limit=MOST)
    watchlists = Watchlists(settings.watchlists)
    documents = [
        msgspec.structs.replace(
            document, run=run, partition=0, offset=at, watchlists=_watched(document, watchlists)
        )
        for at, document in enumerate(found)
    ]
    topics = tuple(sorted({document.topic for document in documents}))
    stamps = [document.published_at.astimezone(UTC).timestamp() for document in documents]
    return Heard(stamps, _lead(stamps, order.start), _counting(documents, topics, run), topics)


def _watched(document: ScoredDocument, watchlists: Watchlists) -> tuple[str, ...]:
    """The watchlists of today's settings that it belongs to, whichever were followed when it came."""
    told = Document(
        id=document.id,
        source=document.source,
        published_at=document.published_at,
        title=document.title,
        body=document.body,
        symbols=document.symbols,
    )
    return watchlists.of(told, document.topic)


def _counting(documents: Sequence[ScoredDocument], topics: Sequence[str], run: str) -> Tallies:
    size = len(documents)

    def tallies(start: int, end: int) -> Sequence[Tally]:
        counted = documents[start : min(end, size)]
        final = end > size
        return [tally(counted, run=run, partition=0, start=start, end=end, topics=topics, final=final)]

    return tallies
