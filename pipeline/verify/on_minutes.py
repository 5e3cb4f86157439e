"""Faults of minutes as findings: what differs in each, and the documents that explain it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.records import ScoredDocument, SentimentRow
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.verify.explain import culprits, differing_key
from pipeline.verify.kept import stored_rows
from pipeline.verify.log import TopicLogs
from pipeline.verify.minutes import (
    ExpectedMinutes,
    MinuteFault,
    as_stored,
    compare_store,
    compare_topic,
    recount,
    revision_of,
)
from pipeline.verify.report import Cited, Finding, cited, stamp
from pipeline.verify.topics import Gathered, each_minute, each_scored, each_tally

_EXPLAINED = 3
"""Minutes of each place whose documents are looked for."""


def of_minutes(
    gathered: Gathered, settings: Settings, logs: TopicLogs, store: Store | None
) -> Iterator[Finding]:
    """Minutes of the topic and of the store that are not what the tallies come to."""
    acknowledged = gathered.acknowledged.get((logs.name("tallies"), 0))
    in_topic = compare_topic(gathered.expected, gathered.found, acknowledged, gathered.low)
    in_store: list[MinuteFault] = []
    if gathered.kept is not None:
        in_store = compare_store(
            gathered.expected,
            gathered.found,
            gathered.kept.minutes,
            gathered.acknowledged.get((logs.name("sentiment"), 0)),
            gathered.low,
        )
    if not in_topic and not in_store:
        return
    details = _Details(gathered, settings, logs, [*in_topic[:_EXPLAINED], *in_store[:_EXPLAINED]])
    for number, fault in enumerate(in_topic):
        yield details.in_topic(fault, explain=number < _EXPLAINED)
    for number, fault in enumerate(in_store):
        assert store is not None
        yield details.in_store(fault, store, explain=number < _EXPLAINED)


class _Details:
    """The faulty minutes whole, with their documents: read again, for there are few."""

    def __init__(
        self, gathered: Gathered, settings: Settings, logs: TopicLogs, faults: list[MinuteFault]
    ) -> None:
        self._logs = logs
        self._run = settings.run
        wanted = {(fault.minute, fault.revision) for fault in faults}
        fresh = ExpectedMinutes(settings.run, len(gathered.accounts), settings.event_time)
        spans = gathered.spans
        self._expected = recount(each_tally(logs, spans["tallies"]), wanted, fresh)
        self._found = {
            revision_of(minute): minute
            for minute in each_minute(logs, spans["sentiment"])
            if revision_of(minute) in wanted
        }
        of_minutes = {minute for minute, _ in wanted}
        self._documents: dict[int, dict[str, ScoredDocument]] = {minute: {} for minute in of_minutes}
        for _, _, batch in each_scored(logs, spans["scored"]):
            for document in batch:
                minute = int(document.published_at.timestamp()) // 60
                if minute in of_minutes:
                    self._documents[minute].setdefault(document.id, document)

    def in_topic(self, fault: MinuteFault, *, explain: bool) -> Finding:
        """A fault of the topic `sentiment`."""
        place = f"topic {self._logs.name('sentiment')}"
        if not explain:
            return _bare(place, fault)
        of = (fault.minute, fault.revision)
        expected, found = self._expected.get(of), self._found.get(of)
        if fault.fault == "told_twice":
            return _bare(place, fault)
        if fault.fault == "missing":
            named = [cited(each, "left out") for each in self._documents[fault.minute].values()]
            return _bare(place, fault, tuple(named[:5]))
        return self._explained(
            place, fault, list(expected.rows) if expected else [], list(found.rows) if found else []
        )

    def in_store(self, fault: MinuteFault, store: Store, *, explain: bool) -> Finding:
        """A fault of the table `sentiment`."""
        place = "store, table sentiment"
        if not explain:
            return _bare(place, fault)
        expected = self._expected.get((fault.minute, fault.revision))
        _, rows = stored_rows(store, self._run, fault.minute)
        wanted = list(as_stored(expected.rows)) if expected and fault.fault != "unexpected" else []
        return self._explained(place, fault, wanted, rows)

    def _explained(
        self, place: str, fault: MinuteFault, expected: list[SentimentRow], found: list[SentimentRow]
    ) -> Finding:
        key, here, there = differing_key(expected, found)
        how, named = culprits(key, expected, found, self._documents[fault.minute].values())
        bare = _bare(place, fault, named)
        return Finding(
            place=place,
            kind=bare.kind,
            minute=bare.minute,
            key=key,
            expected=here,
            found=there,
            documents=named,
            says=f"{bare.says}: {how}" if key else bare.says,
        )


def _bare(place: str, fault: MinuteFault, named: tuple[Cited, ...] = ()) -> Finding:
    at = f"minute {stamp(fault.minute):%Y-%m-%d %H:%M} UTC, revision {fault.revision},"
    says = {
        "missing": f"{at} follows from the tallies and is not there",
        "different": f"{at} is not what the tallies come to",
        "unexpected": f"{at} is there, and nothing leads to it",
        "told_twice": f"{at} is there twice, and not alike",
    }[fault.fault]
    kind = "different" if fault.fault == "told_twice" else fault.fault
    return Finding(place=place, kind=kind, minute=stamp(fault.minute), documents=named, says=says)
