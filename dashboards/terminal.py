"""The terminal view: pure functions from values to rich renderables, one for each part of the picture.

Nothing here parses markup: headlines are hostile input, so each becomes a `Text` by way of `printable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from alerts.events import AlertEvent, Evidence
from dashboards.board import TopicLine, View, label_of
from dashboards.text import printable
from pipeline.records import Window

_SEVERITY = {"watch": "yellow", "warning": "dark_orange", "critical": "bold red"}
_BARS = " ▁▂▃▄▅▆▇█"
_ASCII_BARS = " .:-=+*#@"
_STRONG = 0.15
"""Mean score from which a tone is coloured."""
_NO_LABELS: Final[Mapping[str, str]] = MappingProxyType({})


class Spark:
    """A row of bars, one a value, scaled to the highest; in ASCII where the terminal knows no other."""

    def __init__(self, values: Sequence[int]) -> None:
        self.values = values

    def bars(self, ascii_only: bool = False) -> str:
        """The bars as text; zero is blank, and anything above zero shows."""
        steps = _ASCII_BARS if ascii_only else _BARS
        top = max(self.values, default=0)
        return "".join(steps[-(-value * (len(steps) - 1) // top)] if value else " " for value in self.values)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the newest values that fit."""
        yield Segment(self.bars(options.ascii_only)[-options.max_width :], console.get_style("red"))


def render(view: View, topics: int = 9, alerts: int = 3) -> RenderableType:
    """The live picture: where the run stands, the `topics` busiest keys, the `alerts` newest alerts."""
    parts: list[RenderableType] = [header(view), board(view.topics[:topics])]
    if alerts:
        parts.append(Rule(Text("latest alerts"), style="dim", align="left"))
        parts += [alert(event, evidence=2, labels=view.labels) for event in view.alerts[:alerts]]
        if not view.alerts:
            parts.append(Text("none so far", style="dim"))
    return Group(*parts)


def header(view: View) -> RenderableType:
    """One line: the run, event time, documents, speed, what waits."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append("Tocsin", style="bold")
    line.append(f"  run {printable(view.run)}")
    line.append(f"  {stamp(view.at)}" if view.at else "  waiting for the first minute", style="cyan")
    for fact in facts(view):
        line.append(f"  {fact}")
    return line


def facts(view: View) -> list[str]:
    """The counts of a header, as phrases."""
    of = f"/{view.total:,}" if view.total is not None else ""
    said = [f"{view.documents:,}{of} docs"]
    if view.rate is not None:
        said.append(f"{view.rate:,.0f}/s")
    if view.lag is not None:
        said.append(f"lag {view.lag:,}")
    if view.rejected:
        said.append(f"{view.rejected:,} rejected")
    return said


def board(lines: Iterable[TopicLine]) -> Table:
    """The topic board, a row a key."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("topic", no_wrap=True, overflow="ellipsis", max_width=19)
    table.add_column("tone 1h", justify="right", no_wrap=True)
    table.add_column("neg", justify="right", no_wrap=True)
    table.add_column("docs", justify="right", no_wrap=True)
    table.add_column("24h", justify="right", no_wrap=True)
    table.add_column("bad news, 24 h", no_wrap=True, width=24)
    table.add_column("surprise", justify="right", no_wrap=True, min_width=8)
    for line in lines:
        table.add_row(
            Text(printable(line.label), style="bold" if line.firing else ""),
            tone(line.hour),
            Text(f"{line.hour.negative_share:.0%}" if line.hour.documents else "-"),
            Text(f"{line.hour.documents:,}"),
            Text(f"{line.day.documents:,}"),
            Spark(line.negative_by_hour),
            Text(f"{line.firing.surprise:.1f}", style=_SEVERITY[line.firing.severity])
            if line.firing
            else Text(""),
        )
    return table


def tone(window: Window) -> Text:
    """Mean score with its sign, red or green where it is more than a shade."""
    if not window.documents:
        return Text("-", style="dim")
    style = "red" if window.mean <= -_STRONG else "green" if window.mean >= _STRONG else ""
    return Text(f"{window.mean:+.2f}", style=style)


def alert(event: AlertEvent, evidence: int = 5, labels: Mapping[str, str] = _NO_LABELS) -> RenderableType:
    """One alert as it stands: what, since when, how unusual, and the stories that moved it."""
    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(event.severity.upper(), style=_SEVERITY[event.severity])
    head.append(f" {printable(label_of(event.key, labels))}", style="bold")
    head.append(f"  {event.state}  {lasted(event)}", style="dim" if event.state == "resolved" else "")
    if event.cause:
        head.append(f"  {printable(event.cause).replace('_', ' ')}", style="italic")
    why = Text(f"  {figures(event)}", style="dim", no_wrap=True, overflow="ellipsis")
    return Group(head, why, *(story(each) for each in event.evidence[:evidence]))


def lasted(event: AlertEvent) -> str:
    """Since when an alert rings and, once it is over, until when."""
    if event.resolved_at is None:
        return f"since {stamp(event.started_at)}"
    if event.started_at.date() == event.resolved_at.date():
        return f"{event.started_at:%Y-%m-%d %H:%M} to {event.resolved_at:%H:%M} UTC"
    return f"{event.started_at:%Y-%m-%d %H:%M} to {stamp(event.resolved_at)}"


def figures(event: AlertEvent) -> str:
    """What was seen against what is normal."""
    return (
        f"{event.observed} bad stories in {event.window_minutes} min, {event.expected:.1f} expected; "
        f"{event.observed_share:.0%} of all, {event.expected_share:.0%} usual; surprise {event.surprise:.1f}"
    )


def story(evidence: Evidence) -> Text:
    """One headline of an alert's evidence, cut to the line."""
    line = Text("  ", no_wrap=True, overflow="ellipsis")
    line.append(f"{evidence.published_at:%m-%d %H:%M} ", style="dim")
    line.append(f"{evidence.score:+.2f} ", style="red" if evidence.score < 0 else "green")
    line.append(printable(evidence.title))
    line.append(f"  {printable(evidence.source, 40)}", style="dim")
    return line


def report(
    alerts: Sequence[AlertEvent], limit: int = 8, labels: Mapping[str, str] = _NO_LABELS
) -> RenderableType:
    """The end of a run: its alerts with all their evidence; of more than `limit` the most surprising."""
    if not alerts:
        return Text("No alert rang.", style="bold")
    shown = sorted(
        sorted(alerts, key=lambda event: -event.surprise)[:limit], key=lambda event: event.started_at
    )
    count = Text(f"{len(alerts):,} alert{'s' if len(alerts) > 1 else ''} rang", style="bold")
    if len(shown) < len(alerts):
        count.append(f"; the {limit} most surprising:", style="")
    parts: list[RenderableType] = [count]
    for event in shown:
        parts += [Text(""), alert(event, labels=labels)]
    return Group(*parts)


def alert_line(event: AlertEvent) -> str:
    """One plain line that says what rang, for logs and pipes."""
    story = f': "{printable(event.evidence[0].title, 100)}"' if event.evidence else ""
    rang = f"{event.run}: ALERT {event.severity} {event.key} at {stamp(event.detected_at)}"
    seen = f"{event.observed} bad stories in {event.window_minutes} min, {event.expected:.1f} expected"
    return printable(f"{rang}, {seen}{story}")


def progress_line(view: View) -> str:
    """One plain line that says where a run stands, for logs and pipes."""
    said = [stamp(view.at) if view.at else "no minute closed yet", *facts(view)]
    for line in view.topics[:1]:
        said.append(f"last 24 h {line.day.documents:,} docs, {line.day.negative_share:.0%} bad")
    firing = sum(event.state == "firing" for event in view.alerts)
    return printable(f"{view.run}: {', '.join(said)}; alerts {len(view.alerts)}, firing {firing}")


def stamp(at: datetime) -> str:
    """Event time for people: the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
