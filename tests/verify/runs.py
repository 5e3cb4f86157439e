"""A small run in values: documents classified, tallied and counted, as a worker would leave it behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.classify import Incoming, classify_batch
from pipeline.records import Document, ScoredDocument, SentimentMinute, Tally
from pipeline.settings import EventTimeSettings
from pipeline.verify.minutes import ExpectedMinutes, FoundMinutes, StoredMinute, stored_digest
from tests.keyword_classifier import KeywordClassifier

START = datetime(2023, 3, 1, tzinfo=UTC)
SETTINGS = EventTimeSettings()


def document(n: int, minute: float, **fields: object) -> Document:
    told = {
        "id": f"d{n}",
        "source": "wire",
        "published_at": START + timedelta(minutes=minute),
        "title": f"Bank {n} halts withdrawals" if n % 2 else f"Stocks rally in part {n}",
    }
    return Document(**(told | fields))  # type: ignore[arg-type]


@dataclass
class Run:
    """What the topics of a run of one partition hold."""

    tallies: list[Tally] = field(default_factory=list)
    scored: list[ScoredDocument] = field(default_factory=list)
    minutes: list[SentimentMinute] = field(default_factory=list)

    @classmethod
    def of(cls, *batches: list[Document], run: str = "live") -> Run:
        """Count batches of documents, one tally each, up to the end of the partition."""
        made = cls()
        expected = ExpectedMinutes(run, 1, SETTINGS)
        offset = 0
        for number, batch in enumerate((*batches, [])):
            records = [
                Incoming(0, offset + at, msgspec.json.encode(each)) for at, each in enumerate(batch)
            ] or [Incoming(0, offset, b"", end=True)]
            classified = classify_batch(
                records,
                KeywordClassifier(),
                run=run,
                topic="tocsin.documents",
                now=START,
                future_tolerance=10**9,
                live=False,
            )
            made.scored += classified.scored
            made.tallies += classified.tallies
            for tally in classified.tallies:
                made.minutes += expected.take(number, tally)
            offset += len(records)
        return made

    def expected(self) -> ExpectedMinutes:
        """What the tallies come to."""
        expected = ExpectedMinutes("live", 1, SETTINGS)
        for offset, tally in enumerate(self.tallies):
            expected.take(offset, tally)
        return expected

    def found(self) -> FoundMinutes:
        """What the topic `sentiment` holds."""
        found = FoundMinutes()
        for offset, minute in enumerate(self.minutes):
            found.take(offset, minute)
        return found

    def stored(self) -> dict[int, StoredMinute]:
        """What the table `sentiment` holds: the last revision of each minute with documents."""
        return {
            int(minute.minute.timestamp()) // 60: StoredMinute(minute.revision, stored_digest(minute.rows))
            for minute in self.minutes
            if minute.rows
        }


def minute_of(at: float) -> int:
    """Minute since 1970 of a minute of the run."""
    return int((START + timedelta(minutes=at)).timestamp()) // 60
