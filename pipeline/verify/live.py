"""The verdict on a run from its topics."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.verify.log import TopicLogs
from pipeline.verify.on_alerts import of_alerts
from pipeline.verify.on_documents import of_documents
from pipeline.verify.on_minutes import of_minutes
from pipeline.verify.report import SHOWN, Checked, Finding, Report, in_order, stamp
from pipeline.verify.topics import NEVER, Gathered, gather


def verify_topics(settings: Settings, logs: TopicLogs, store: Store | None) -> Report:
    """Verify a run from what its topics hold, the store included where one is given.

    Raises:
        UsageError: the run has no topics.
        TocsinError: the broker stopped answering.
    """
    gathered = gather(settings, logs, store)
    findings = [
        *of_documents(gathered, logs),
        *of_minutes(gathered, settings, logs, store),
        *of_alerts(gathered, logs),
    ]
    return _report(settings, gathered, findings, store)


def _report(settings: Settings, gathered: Gathered, findings: list[Finding], store: Store | None) -> Report:
    expected = gathered.expected
    totals = expected.aggregate.totals
    with_rows = {minute for (minute, _), each in expected.emissions.items() if each.stored}
    ordered = in_order(findings)
    compared = [minute for minute, _ in gathered.found.revisions if minute >= gathered.low]
    final = max(expected.emissions, default=None) if expected.ended_at is not None else None
    ended = final is not None and final in gathered.found.revisions
    through = max((m for m in compared if final is None or m < final[0]), default=None)
    return Report(
        run=settings.run,
        source="topics",
        compared=("topics", "store") if store is not None else ("topics",),
        same=not findings,
        through=stamp(through) if through is not None else None,
        complete=ended,
        checked=Checked(
            documents=sum(account.counted for account in gathered.accounts.values()),
            rejected=totals.rejected,
            duplicates=totals.duplicates,
            late=totals.late,
            minutes=len(with_rows),
            amendments=sum(revision > 0 for _, revision in expected.emissions),
            alert_events=len(gathered.alerts.events) if gathered.alerts else 0,
        ),
        differences=len(findings),
        minutes_that_differ=len({each.minute for each in findings if each.minute is not None}),
        first=ordered[0] if ordered else None,
        findings=tuple(ordered[:SHOWN]),
        not_checked=tuple(_limits(gathered, store)),
    )


def _limits(gathered: Gathered, store: Store | None) -> Iterator[str]:
    if not gathered.found.revisions:
        yield "No minute is closed yet: there is nothing to compare."
    if gathered.alerts is None and gathered.spans["tallies"][0][0] > 0:
        since = "none is left" if gathered.low >= NEVER else f"from {stamp(gathered.low):%Y-%m-%d %H:%M} UTC"
        yield (
            "The broker has deleted the beginning of the tallies (`topics.retention_hours`). Minutes are "
            f"compared once windows and duplicate horizon are full again ({since}), alerts are not."
        )
    if not gathered.acknowledged:
        yield "The broker tells no acknowledged offsets, so what is lost at the very end would not be seen."
    if store is None:
        yield "The store was not compared."
