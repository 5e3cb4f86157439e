"""`tocsin verify`: did this run count right?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.verify.report import Finding, Report


def verify(
    run: Annotated[str, typer.Argument(metavar="RUN", help="`live`, or the name of a replay.")] = "live",
    source: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="topics|store",
            help="What to recompute from: the topics, held against the store as well; or the store.",
        ),
    ] = "topics",
    with_store: Annotated[
        bool, typer.Option("--store/--no-store", help="Whether the topics are held against the store, too.")
    ] = True,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute a run and name the first minute that differs; exit status 1 if one does.

    From the topics: the tallies are counted again by the code that counts them live, and scored documents,
    rejections, minutes, amendments and alerts are held against the outcome, in the topics and in the store. A
    document that was lost, counted twice or changed is named. A live run can be verified while it goes on: it
    is compared up to its last closed minute, and the answer says which that is.

    From the store: its documents are counted again and its minutes held against that; no broker is needed.

    Use the settings that the run had: [event_time] and [detector] decide what is counted and what rings.
    """
    from pipeline.errors import UsageError
    from pipeline.settings import load_settings

    settings = load_settings(config, run=run)
    if source not in ("topics", "store"):
        raise UsageError(f"--from {source}: topics or store")
    report = _from_store(settings) if source == "store" else _from_topics(settings, with_store)
    if as_json:
        import msgspec

        print(msgspec.json.encode(report).decode())
    else:
        _show(report)
    if not report.same:
        raise typer.Exit(1)


def _from_store(settings: Settings) -> Report:
    from pipeline.store import Store
    from pipeline.verify.stored import verify_store

    with Store.open(settings.store.url) as store:
        return verify_store(settings, store)


def _from_topics(settings: Settings, with_store: bool) -> Report:
    from pipeline.store import Store
    from pipeline.verify.live import verify_topics
    from pipeline.verify.log import TopicLogs

    with TopicLogs(settings) as logs:
        if not with_store:
            return verify_topics(settings, logs, None)
        with Store.open(settings.store.url) as store:
            return verify_topics(settings, logs, store)


def _show(report: Report) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    checked = report.checked
    console.print(
        f"run {report.run}, recomputed from {report.source}, held against {' and '.join(report.compared)}"
    )
    console.print(
        f"  {checked.documents:,} documents ({checked.duplicates:,} duplicates, {checked.late:,} late), "
        f"{checked.rejected:,} rejected, {checked.minutes:,} minutes ({checked.amendments:,} amendments), "
        f"{checked.alert_events:,} alert events"
    )
    if report.through is None:
        console.print("  compared: nothing, no minute is closed")
    else:
        ended = ", the end of the run" if report.complete else "; what is younger is not closed or stored yet"
        console.print(f"  compared through {report.through:%Y-%m-%d %H:%M} UTC{ended}")
    for limit in report.not_checked:
        console.print(f"  not checked: {limit}", markup=False)
    if report.first is None:
        console.print("the same: no difference found", style="bold green")
        return
    count = f"{report.differences:,} differences, in {report.minutes_that_differ:,} minutes. The first:"
    console.print(count, style="bold red")
    _show_finding(console, report.first)
    others = [each for each in report.findings if each is not report.first]
    if others:
        console.print("Then:")
    for finding in others:
        console.print(f"  {finding.place}: {finding.says}", markup=False)
    if report.differences > len(report.findings):
        print(f"  … and {report.differences - len(report.findings):,} more", file=sys.stderr)


def _show_finding(console: Any, finding: Finding) -> None:
    from rich.text import Text

    from pipeline.rejected.view import printable

    console.print(Text(f"  {finding.place}: {printable(finding.says)}"))
    if finding.key:
        console.print(Text(f"  key {printable(finding.key)}"))
    for name in finding.expected.keys() | finding.found.keys():
        expected, found = finding.expected.get(name, "nothing"), finding.found.get(name, "nothing")
        console.print(Text(f"  {name:18} expected {_short(expected)}, found {_short(found)}"))
    for document in finding.documents:
        told = f"{document.tone} {document.score:+.3f} {document.topic}" if document.tone else ""
        at = f"{document.published_at:%Y-%m-%d %H:%M:%S}" if document.published_at else ""
        parts = (f"{document.partition}:{document.offset}", document.id, at, told, document.title)
        console.print(Text(printable(f"  {document.role:18} {' '.join(part for part in parts if part)}")))


def _short(value: Any) -> str:
    from pipeline.rejected.view import printable

    text = printable(str(value))
    return text if len(text) <= 160 else f"{text[:160]}…"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(verify)
