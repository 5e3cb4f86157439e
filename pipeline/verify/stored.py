"""A run verified from the store alone: its documents counted again, and the minutes held against that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from pipeline.aggregate import OVERALL, Aggregate
from pipeline.errors import UsageError
from pipeline.records import ScoredDocument, SentimentMinute, SentimentRow
from pipeline.rolling import WINDOWS
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.tally import tally
from pipeline.verify.explain import culprits, differing_key
from pipeline.verify.kept import each_minute, sentiment_extent, stored_documents
from pipeline.verify.report import SHOWN, Checked, Finding, Kind, Report, in_order, stamp

_AT_ONCE = 1000
_MARGIN = 5
"""Minutes at the end of a live run that are left out: documents and minutes are stored side by side."""


def verify_store(settings: Settings, store: Store) -> Report:
    """Verify a run from its stored documents, counted in the order of their publication.

    Arrival order is not stored. So where documents came late, only sums are compared, and not stories,
    windows and evidence, which depend on it.

    Raises:
        UsageError: the store holds no minutes of the run.
    """
    run = settings.run
    youngest, late = sentiment_extent(store, run)
    if youngest is None:
        known = ", ".join(store.runs()) or "none"
        raise UsageError(
            f"the store {store.address} holds no minutes of run {run}; it knows these runs: {known}."
        )
    end = youngest - (_MARGIN if run == "live" else 0)
    exact = not late
    checked = Checked(late=late, rejected=sum(store.counts(run).rejected.values()))
    findings: list[Finding] = []
    followers = 0
    blurred_until = -1
    expected = recounted(store.each_document(run), run, settings)
    for minute, before, revision, after in side_by_side(expected, each_minute(store, run)):
        if minute > end:
            break
        checked.minutes += 1
        checked.documents += sum(row.documents for row in before if row.key == OVERALL)
        checked.amendments += revision > 0
        before, after = _plain(before, exact=exact), _plain(after, exact=exact)
        if before == after:
            continue
        if minute <= blurred_until and _without_windows(before) == _without_windows(after):
            followers += 1
            continue
        blurred_until = minute + max(WINDOWS.values())
        findings.append(_finding(store, run, minute, before, after, explain=len(findings) < SHOWN))
    ordered = in_order(findings)
    return Report(
        run=run,
        source="store",
        compared=("store",),
        same=not findings,
        through=stamp(end),
        complete=False,
        checked=checked,
        differences=len(findings),
        minutes_that_differ=len(findings),
        first=ordered[0] if ordered else None,
        findings=tuple(ordered[:SHOWN]),
        not_checked=tuple(_limits(exact=exact, live=run == "live", followers=followers)),
    )


def recounted(
    documents: Iterable[ScoredDocument], run: str, settings: Settings
) -> Iterator[tuple[int, list[SentimentRow]]]:
    """Count documents in the order of (published_at, id) and give the minutes that have any."""
    aggregate = Aggregate(run, 1, settings.event_time)
    position = 0
    rest = iter(documents)
    while batch := list(islice(rest, _AT_ONCE)):
        placed = [
            msgspec.structs.replace(document, partition=0, offset=position + number)
            for number, document in enumerate(batch)
        ]
        yield from _rows(
            aggregate.apply(
                tally(
                    placed,
                    run=run,
                    partition=0,
                    start=position,
                    end=position + len(placed),
                    topics=sorted({document.topic for document in placed}),
                )
            )
        )
        position += len(placed)
    yield from _rows(
        aggregate.apply(tally([], run=run, partition=0, start=position, end=position, topics=[], final=True))
    )


def side_by_side(
    expected: Iterator[tuple[int, list[SentimentRow]]],
    found: Iterator[tuple[int, int, list[SentimentRow]]],
) -> Iterator[tuple[int, list[SentimentRow], int, list[SentimentRow]]]:
    """Join two sequences in order of minutes: minute, rows expected, revision and rows found."""
    here, there = next(expected, None), next(found, None)
    while here is not None or there is not None:
        minute = min(each[0] for each in (here, there) if each is not None)
        before: list[SentimentRow] = []
        after: list[SentimentRow] = []
        revision = 0
        if here is not None and here[0] == minute:
            before, here = here[1], next(expected, None)
        if there is not None and there[0] == minute:
            revision, after, there = there[1], there[2], next(found, None)
        yield minute, before, revision, after


def _rows(minutes: Iterable[SentimentMinute]) -> Iterator[tuple[int, list[SentimentRow]]]:
    for minute in minutes:
        if minute.rows:
            yield int(minute.minute.timestamp()) // 60, list(minute.rows)


def _plain(rows: Iterable[SentimentRow], *, exact: bool) -> list[SentimentRow]:
    """Rows reduced to what does not depend on the order of arrival."""
    reduced = []
    for row in sorted(rows, key=lambda row: row.key):
        if not exact:
            row = msgspec.structs.replace(row, stories=0, negative_stories=0, late=0, windows={}, evidence=())
        reduced.append(row)
    return reduced


def _finding(
    store: Store,
    run: str,
    minute: int,
    expected: list[SentimentRow],
    found: list[SentimentRow],
    *,
    explain: bool,
) -> Finding:
    key, here, there = differing_key(expected, found)
    documents = stored_documents(store, run, minute).values() if explain else ()
    how, named = culprits(key, expected, found, documents)
    at = f"minute {stamp(minute):%Y-%m-%d %H:%M} UTC"
    kind: Kind
    if not found:
        kind, says = "missing", f"{at} has documents and is not there: {how}"
    elif not expected:
        kind, says = "unexpected", f"{at} is there, and the store has no documents of it"
    else:
        kind, says = "different", f"{at} is not what its documents come to: {how}"
    return Finding(
        place="store, table sentiment",
        kind=kind,
        minute=stamp(minute),
        key=key,
        expected=here,
        found=there,
        documents=named,
        says=says,
    )


def _without_windows(rows: list[SentimentRow]) -> list[SentimentRow]:
    return [msgspec.structs.replace(row, windows={}) for row in rows]


def _limits(*, exact: bool, live: bool, followers: int) -> Iterator[str]:
    if followers:
        yield (
            f"{followers:,} minutes after a difference whose own sums agree: their windows hold the minute "
            "that differs."
        )
    yield (
        "Only the store was looked at: a document that is missing from documents and minutes alike is not "
        "seen, and alerts are not run again. With a broker, `--from topics` sees both."
    )
    if not exact:
        yield (
            "Documents came late, and the store does not hold in which order: stories, windows and evidence "
            "were not compared. A late one beyond the duplicate horizon shows as left out, rightly."
        )
    if live:
        yield f"The last {_MARGIN} minutes of the live run, which may still be on their way to the store."
