"""What `tocsin alerts` prints: tables for people, JSON for machines."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from alerts.events import AlertEvent
from dashboards.terminal import alert as alert_block
from dashboards.terminal import stamp
from dashboards.text import printable
from pipeline.cli.delivering import Told
from pipeline.errors import UsageError
from pipeline.store import Store, actions
from pipeline.store.actions import Acknowledgement, GivenVerdict, Mute
from pipeline.store.journal import JournalEntry
from pipeline.try_routes import Tried

SEVERITIES = ("watch", "warning", "critical")


class Listed(Struct, frozen=True, kw_only=True):
    """An alert as it stands, and what people did about it."""

    alert: AlertEvent
    acknowledged: Acknowledgement | None
    verdicts: tuple[GivenVerdict, ...]


class Detail(Struct, frozen=True, kw_only=True):
    """One alert with its whole history."""

    alert: AlertEvent
    events: tuple[AlertEvent, ...]
    acknowledged: Acknowledgement | None
    verdicts: tuple[GivenVerdict, ...]
    journal: tuple[JournalEntry, ...]


def show(value: Any, as_json: bool, text: Callable[[], RenderableType | str]) -> None:
    """Print JSON, or what `text` gives."""
    if as_json:
        print(msgspec.json.encode(value).decode())
        return
    said = text()
    if isinstance(said, str):
        print(said)
    else:
        Console(highlight=False).print(said)


def rows_of(
    store: Store, run: str, state: str | None, topic: str | None, severity: str | None, limit: int
) -> list[Listed]:
    """The newest alerts that fit, newest first."""
    if state not in (None, "firing", "resolved"):
        raise UsageError(f"--state {state}: firing or resolved")
    if severity is not None and severity not in SEVERITIES:
        raise UsageError(f"--severity {severity}: watch, warning or critical")
    least = SEVERITIES.index(severity) if severity else 0
    found = store.alerts(run, key=topic, state=state)  # type: ignore[arg-type]
    kept = [event for event in reversed(found) if SEVERITIES.index(event.severity) >= least][:limit]
    seen = actions.acknowledgements(store, [event.id for event in kept])
    judged: dict[str, list[GivenVerdict]] = {}
    for verdict in actions.verdicts(store, run=run):
        judged.setdefault(verdict.id, []).append(verdict)
    return [
        Listed(alert=event, acknowledged=seen.get(event.id), verdicts=tuple(judged.get(event.id, ())))
        for event in kept
    ]


def listing(found: Sequence[Listed], run: str, other_runs: Callable[[], list[str]]) -> RenderableType | str:
    """A table of alerts."""
    if not found:
        return _nothing("alerts", run, other_runs())
    table = _table("id", "since", "topic", "severity", "state", "seen", "normal", "surprise", "people")
    for each in found:
        event = each.alert
        _add(
            table,
            event.id,
            stamp(event.started_at),
            printable(event.key, 40),
            event.severity,
            event.state,
            str(event.observed),
            f"{event.expected:.1f}",
            f"{event.surprise:.1f}",
            printable(_people(each), 60),
        )
    return table


def detail_value(store: Store, alert_id: str) -> Detail:
    """Everything the store knows of an alert."""
    run = actions.run_of(store, alert_id)
    events = tuple(store.alert_events(run, alert_id))
    return Detail(
        alert=events[-1],
        events=events,
        acknowledged=actions.acknowledgement(store, alert_id),
        verdicts=tuple(actions.verdicts(store, alert_id)),
        journal=tuple(actions.journal(store, alert_id)),
    )


def detail(store: Store, alert_id: str) -> RenderableType:
    """One alert for a person: figures, reasons, evidence, history, and what can be done."""
    found = detail_value(store, alert_id)
    event = found.alert
    lines = [f"alert {event.id} of run {event.run}, event {event.seq}", *_why(event)]
    run = f" --run {event.run}"
    todo = (
        *([f"tocsin alerts ack {event.id}{run}"] if event.state == "firing" else []),
        f"tocsin alerts mute {shlex.quote(event.key)} --until 2h{run}",
        f"tocsin alerts verdict {event.id} useful|noise{run}",
    )
    return Group(
        alert_block(event),
        *(Text(f"  {printable(line, 400)}") for line in lines),
        Text(""),
        journal_rows(found.journal),
        Text(""),
        *(Text(line, style="dim") for line in todo),
    )


def _why(event: AlertEvent) -> list[str]:
    said = []
    if event.expected_high > 0:
        said.append(
            f"normal here: {event.expected_low:.0f} to {event.expected_high:.0f} in 95 of 100 windows"
        )
    if event.documents > event.observed:
        said.append(f"{event.documents} documents tell {event.observed} stories")
    if event.capped:
        said.append(f"{event.capped} stories left out: one source or author alone had too many")
    if event.parts.worse_tone or event.parts.more_news or event.parts.mix:
        parts = event.parts
        said.append(
            f"of the excess: {parts.worse_tone:+.1f} worse tone, {parts.more_news:+.1f} more news, "
            f"{parts.mix:+.1f} change of mix"
        )
    if event.covers:
        said.append("with it surge: " + ", ".join(event.covers))
    if event.changed:
        said.append(f"changed: {event.changed}")
    if event.budget_per_week:
        realised = "" if event.realised_per_week is None else f", realised {event.realised_per_week:.2f}"
        said.append(f"budget: {event.budget_per_week:g} false alarms a week{realised}")
    if event.provisional:
        said.append("provisional: its last minute may still be amended")
    return said


def journal_table(
    found: Sequence[JournalEntry], run: str, other_runs: Callable[[], list[str]]
) -> RenderableType | str:
    """The journal as a table."""
    if not found:
        return _nothing("journal entries", run, other_runs())
    return journal_rows(found, with_id=True)


def journal_rows(found: Sequence[JournalEntry], with_id: bool = False) -> Table:
    """Entries, one a row."""
    table = _table(*(["id"] if with_id else []), "recorded", "event time", "what", "by", "reason")
    for entry in found:
        _add(
            table,
            *([printable(entry.id, 60)] if with_id else []),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            f"{entry.event_time:%Y-%m-%d %H:%M}" if entry.event_time else "",
            entry.action,
            printable(entry.by, 40),
            printable(entry.reason, 200),
        )
    return table


def mutes_table(found: Sequence[Mute], run: str) -> RenderableType | str:
    """Mutes in force."""
    if not found:
        return f"Nothing of run {run} is muted."
    table = _table("topic", "until", "by", "reason")
    for mute in found:
        _add(
            table,
            printable(mute.key, 60),
            stamp(mute.until),
            printable(mute.by, 40),
            printable(mute.reason, 100),
        )
    return table


def tried_table(tried: Sequence[Tried]) -> RenderableType | str:
    """How each test ended."""
    if not tried:
        return "No route is set: see `[[delivery.routes]]` in docs/delivery.md."
    table = _table("route", "channel", "outcome", "why")
    for each in tried:
        _add(
            table,
            each.name,
            each.channel,
            "delivered" if each.delivered else "failed",
            printable(each.reason, 300),
        )
    return table


def delivered_table(told: Told, run: str) -> RenderableType | str:
    """What a delivery came to, by receiver."""
    if not told.waiting and not told.delivered:
        return f"Nothing of run {run} is for anybody: no alert, or no route that wants replays."
    table = _table("route", "told", "failed tries", "still waits", "last trouble")
    for name in sorted({*told.waiting, *told.delivered, *told.retried}):
        _add(
            table,
            name,
            str(told.delivered.get(name, 0)),
            str(told.retried.get(name, 0)),
            str(told.waiting.get(name, 0)),
            printable(told.trouble.get(name, ""), 200),
        )
    return table


def _nothing(what: str, run: str, others: Sequence[str]) -> str:
    where = f" The store has the runs {', '.join(others)}: name one with --run." if others else ""
    return f"No {what} of run {run} are in the store.{where}"


def _people(each: Listed) -> str:
    said = [f"seen by {each.acknowledged.by}"] if each.acknowledged else []
    latest = {verdict.by: verdict.verdict for verdict in each.verdicts}
    return ", ".join([*said, *(f"{verdict} ({by})" for by, verdict in latest.items())])


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    """Add a row; cells are headlines and names: text, never markup."""
    table.add_row(*(Text(cell) for cell in cells))
