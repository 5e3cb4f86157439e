"""A run read from end to end: tallies counted again, and of everything else what it takes to compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from pipeline.errors import UsageError
from pipeline.records import AlertEvent, Rejected, ScoredDocument, SentimentMinute, Tally
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.tally import rows_of
from pipeline.topics import TopicName
from pipeline.verify.accounts import Account
from pipeline.verify.alarms import ExpectedAlerts, Key
from pipeline.verify.documents import Fingerprints
from pipeline.verify.kept import Kept, read_kept
from pipeline.verify.log import Spans, TopicLogs
from pipeline.verify.minutes import ExpectedMinutes, FoundMinutes

_DOWNSTREAM_FIRST: tuple[TopicName, ...] = (
    "alerts",
    "sentiment",
    "tallies",
    "scored",
    "rejected",
    "documents",
)
NEVER = 1 << 40
"""A minute that does not come: nothing can be compared."""
_scored = msgspec.json.Decoder(ScoredDocument)
_rejected = msgspec.json.Decoder(Rejected)
_tallies = msgspec.json.Decoder(Tally)
_minutes = msgspec.json.Decoder(SentimentMinute)
_events = msgspec.json.Decoder(AlertEvent)


class Gathered(Struct):
    """Everything that was read of a run, as digests and fingerprints."""

    acknowledged: dict[tuple[str, int], int]
    spans: dict[TopicName, Spans]
    kept: Kept | None
    accounts: dict[int, Account]
    expected: ExpectedMinutes
    found: FoundMinutes
    scored: Fingerprints
    alerts: ExpectedAlerts | None
    """None where the beginning of the tallies is gone: detection cannot be run again."""
    found_alerts: dict[Key, AlertEvent]
    alert_offsets: dict[Key, int]
    """Where each of them stands in the topic."""
    alerts_ended: bool
    """The mark that ends a replay's alerts is there, so all of them must be."""
    low: int
    """First event minute that can be compared."""
    firsts: dict[int, int]
    """By partition, the first origin that every topic still tells of."""


def gather(settings: Settings, logs: TopicLogs, store: Store | None) -> Gathered:
    """Read a run from end to end.

    What is downstream is looked at first, so that whatever is in it has its cause in what is read later: a
    run that goes on meanwhile shows no difference for that.

    Raises:
        UsageError: the run has no topics, or has counted nothing.
    """
    acknowledged = logs.acknowledged()
    kept = read_kept(store, settings.run) if store is not None else None
    spans = {name: logs.spans(name) for name in _DOWNSTREAM_FIRST}
    if not spans["tallies"]:
        raise UsageError(
            f"run {settings.run} has no topic {logs.name('tallies')} at {settings.broker.servers}. "
            "`tocsin topics list` shows what is there; `--from store` verifies what the store holds."
        )
    partitions = max(len(spans["documents"]), 1)
    accounts = {partition: Account(partition) for partition in range(partitions)}
    expected = ExpectedMinutes(settings.run, partitions, settings.event_time)
    firsts = dict.fromkeys(accounts, 0)
    whole = spans["tallies"][0][0] == 0
    alerts: ExpectedAlerts | None = None
    low: int | None = 0 if whole else None
    told: set[int] = set()
    for offset, tally in each_tally(logs, spans["tallies"]):
        account = accounts[tally.partition]
        if not whole and tally.partition not in told:
            firsts[tally.partition] = tally.start
            told.add(tally.partition)
        account.take_tally(tally)
        minutes = expected.take(offset, tally)
        if whole:
            alerts = alerts or ExpectedAlerts(settings, tally.topics)
            alerts.take(minutes)
        elif low is None and minutes:
            # Windows and what is known of duplicates are right again once the horizon has passed.
            horizon = max(settings.event_time.duplicate_horizon_hours, 24) * 60
            low = int(minutes[0].minute.timestamp()) // 60 + horizon
    gathered = Gathered(
        acknowledged=acknowledged,
        spans=spans,
        kept=kept,
        accounts=accounts,
        expected=expected,
        found=FoundMinutes(),
        scored=Fingerprints(),
        alerts=alerts,
        found_alerts={},
        alert_offsets={},
        alerts_ended=False,
        low=low if low is not None else NEVER,
        firsts=firsts,
    )
    _take_rest(gathered, logs)
    return gathered


def _take_rest(gathered: Gathered, logs: TopicLogs) -> None:
    spans, accounts, firsts = gathered.spans, gathered.accounts, gathered.firsts
    begun: set[tuple[str, int]] = set()

    def starts(topic: TopicName, partition: int, origin: int) -> None:
        """Where a topic's beginning is gone, its first record is the first that it tells of."""
        if (topic, partition) not in begun:
            begun.add((topic, partition))
            if spans[topic].get(partition, (0, 0))[0] > 0:
                firsts[partition] = max(firsts[partition], origin)

    documents = logs.name("documents")
    for record in logs.read("rejected", spans["rejected"]):
        rejected = _rejected.decode(record.value)
        if rejected.topic == documents and rejected.partition in accounts:
            starts("rejected", rejected.partition, rejected.offset)
            accounts[rejected.partition].take_rejected(rejected)
    for partition, log, batch in each_scored(logs, spans["scored"]):
        if partition in accounts:
            starts("scored", partition, batch[0].offset)
            accounts[partition].take_scored(batch)
            for at, document in zip(log, batch, strict=True):
                gathered.scored.add(document, log=at)
    for record in logs.read("sentiment", spans["sentiment"]):
        gathered.found.take(record.offset, _minutes.decode(record.value))
    for record in logs.read("alerts", spans["alerts"]):
        if record.value is None:
            gathered.alerts_ended = True
        else:
            event = _events.decode(record.value)
            gathered.found_alerts.setdefault((event.id, event.seq), event)
            gathered.alert_offsets.setdefault((event.id, event.seq), record.offset)


def each_tally(logs: TopicLogs, spans: Spans) -> Iterator[tuple[int, Tally]]:
    """Tallies with their offsets, in order; UsageError at one that another version of Tocsin wrote."""
    for record in logs.read("tallies", spans):
        tally = _tallies.decode(record.value)
        try:
            rows_of(tally)
        except ValueError as error:
            raise UsageError(f"{logs.name('tallies')} at offset {record.offset}: {error}") from error
        yield record.offset, tally


def each_scored(logs: TopicLogs, spans: Spans) -> Iterator[tuple[int, list[int], list[ScoredDocument]]]:
    """Scored documents by source partition, in portions, with their offsets in `scored`."""
    waiting: defaultdict[int, tuple[list[int], list[ScoredDocument]]] = defaultdict(lambda: ([], []))
    for record in logs.read("scored", spans):
        document = _scored.decode(record.value)
        log, batch = waiting[document.partition]
        log.append(record.offset)
        batch.append(document)
        if len(batch) >= 1000:
            yield document.partition, log, batch
            del waiting[document.partition]
    for partition, (log, batch) in waiting.items():
        yield partition, log, batch


def each_minute(logs: TopicLogs, spans: Spans) -> Iterator[SentimentMinute]:
    """Records of `sentiment`, in order."""
    for record in logs.read("sentiment", spans):
        yield _minutes.decode(record.value)
