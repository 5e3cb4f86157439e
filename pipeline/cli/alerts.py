"""`tocsin alerts`: read alerts, and say what you think of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ByOption, ConfigOption, JsonOption, RunOption

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from pipeline.store import Store

alerts = typer.Typer(
    no_args_is_help=True,
    help="Read alerts; acknowledge, mute and judge them; try the routes that notify people.",
)

IdArgument = Annotated[
    str,
    typer.Argument(metavar="ID", help="Id of an alert, or its first letters; `tocsin alerts list` has it."),
]
KeyArgument = Annotated[
    str,
    typer.Argument(metavar="TOPIC", help="A topic id, `overall`, `feed/SOURCE`, or `*` for the whole run."),
]
NoteOption = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, for the next person.")]


@alerts.command("list")
def list_command(
    state: Annotated[
        str | None, typer.Option("--state", metavar="firing|resolved", help="Only those.")
    ] = None,
    topic: Annotated[str | None, typer.Option("--topic", metavar="TOPIC", help="Only of this topic.")] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", metavar="LEAST", help="watch, warning or critical, and above.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="The newest so many.")] = 50,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List alerts as they stand, newest first, with who has seen them and what they thought."""
    from pipeline.cli.alerts_shown import listing, rows_of, show

    with _opened(config, run) as (settings, store):
        found = rows_of(store, settings.run, state, topic, severity, limit)
        show(found, as_json, lambda: listing(found, settings.run, _other_runs(store, settings.run)))


@alerts.command("show")
def show_command(
    id: IdArgument, run: RunOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Show one alert: what was seen, what is normal, why it rang, its evidence, and all that became of it."""
    from pipeline.cli.alerts_shown import detail, detail_value, show

    with _opened(config, run) as (_, store):
        alert_id = _full_id(store, id)
        show(detail_value(store, alert_id), as_json, lambda: detail(store, alert_id))


@alerts.command("ack")
def ack_command(
    id: IdArgument,
    note: NoteOption = "",
    by: ByOption = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Acknowledge an alert: nobody is notified of it again unless it escalates or ends."""
    from pipeline.cli.alerts_shown import show
    from pipeline.store.actions import acknowledge

    with _opened(config, run) as (_, store):
        alert_id = _full_id(store, id)
        done = acknowledge(store, alert_id, by=_who(by), at=datetime.now(UTC), note=note)
        show(
            done, as_json, lambda: f"{alert_id} acknowledged by {done.by}; it notifies again if it escalates"
        )


@alerts.command("mute")
def mute_command(
    topic: KeyArgument,
    until: Annotated[
        str,
        typer.Option(
            "--until", metavar="TIME", help="30m, 2h, 3d, 1w from now, or a time: 2026-01-31T18:00 (UTC)."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the next person.")] = "",
    by: ByOption = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mute a topic until a moment: its alerts are detected, kept and shown, but notify nobody."""
    from pipeline.cli.alerts_shown import show
    from pipeline.cli.moments import moment_after
    from pipeline.store import actions

    now = datetime.now(UTC)
    with _opened(config, run) as (settings, store):
        muted = actions.mute(
            store,
            run=settings.run,
            key=topic,
            until=moment_after(until, now),
            by=_who(by),
            at=now,
            reason=reason,
        )
        ends = f"{muted.until:%Y-%m-%d %H:%M} UTC"
        lift = f"tocsin alerts unmute {topic} --run {settings.run}"
        show(
            muted,
            as_json,
            lambda: f"{topic} of run {settings.run} is muted until {ends}; lift it with: {lift}",
        )


@alerts.command("unmute")
def unmute_command(
    topic: KeyArgument,
    by: ByOption = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift the mutes of a topic that are in force."""
    from pipeline.cli.alerts_shown import show
    from pipeline.store import actions

    with _opened(config, run) as (settings, store):
        lifted = actions.unmute(store, run=settings.run, key=topic, by=_who(by), at=datetime.now(UTC))
        said = f"{topic} of run {settings.run} notifies again" if lifted else f"{topic} was not muted"
        show({"lifted": lifted}, as_json, lambda: said)


@alerts.command("mutes")
def mutes_command(run: RunOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the mutes in force."""
    from pipeline.cli.alerts_shown import mutes_table, show
    from pipeline.store import actions

    with _opened(config, run) as (settings, store):
        found = actions.active_mutes(store, settings.run, datetime.now(UTC))
        show(found, as_json, lambda: mutes_table(found, settings.run))


@alerts.command("verdict")
def verdict_command(
    id: IdArgument,
    verdict: Annotated[str, typer.Argument(metavar="useful|noise", help="What it was worth.")],
    note: NoteOption = "",
    by: ByOption = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether an alert was useful or noise. Every verdict is kept; of one person the latest counts."""
    from pipeline.cli.alerts_shown import show
    from pipeline.store.actions import give_verdict

    with _opened(config, run) as (_, store):
        alert_id = _full_id(store, id)
        given = give_verdict(store, alert_id, verdict=verdict, by=_who(by), at=datetime.now(UTC), note=note)
        show(given, as_json, lambda: f"{alert_id} is {given.verdict}, says {given.by}")


@alerts.command("journal")
def journal_command(
    id: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="One alert; without it, the newest entries of the run."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="The newest so many.")] = 100,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the journal: every transition, its reason, and who or what caused it, oldest first."""
    from pipeline.cli.alerts_shown import journal_table, show
    from pipeline.store import actions

    with _opened(config, run) as (settings, store):
        alert_id = None if id is None else _full_id(store, id)
        found = actions.journal(
            store, alert_id, run=None if alert_id is not None else settings.run, limit=limit
        )
        show(found, as_json, lambda: journal_table(found, settings.run, _other_runs(store, settings.run)))


@alerts.command("test")
def test_command(
    route: Annotated[
        str | None, typer.Option("--route", metavar="NAME", help="Only this route, alertmanager or webhook.")
    ] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a test notification to every route and receiver, whatever the hour, and say how each ended.

    Exit status 1 where any failed. URLs and secrets come from the environment variables that the routes name.
    """
    import os

    from pipeline.cli.alerts_shown import show, tried_table
    from pipeline.settings import load_settings
    from pipeline.try_routes import try_routes

    settings = load_settings(config, run=run)
    tried = try_routes(settings.delivery, settings.run, datetime.now(UTC), os.environ, route)
    show(tried, as_json, lambda: tried_table(tried))
    if not all(each.delivered for each in tried):
        raise typer.Exit(1)


@alerts.command("deliver")
def deliver_command(
    timeout: Annotated[
        float, typer.Option("--timeout", min=0, help="Seconds to go on trying; what is left stays queued.")
    ] = 30.0,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell the routes of a replay that is in the store (`tocsin replay FEED --store`).

    Routes hear of replays where their `runs` is `replay` or `all`. What was told before is not told again.
    The live run needs none of this: its worker delivers.
    """
    import os

    from pipeline.cli.alerts_shown import delivered_table, show
    from pipeline.cli.delivering import deliver_all

    with _opened(config, run) as (settings, store):
        told = deliver_all(store, settings, os.environ, timeout)
        show(told, as_json, lambda: delivered_table(told, settings.run))
        if any(told.waiting.values()):
            raise typer.Exit(1)


@contextmanager
def _opened(config: Any, run: str | None) -> Iterator[tuple[Settings, Store]]:
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    with Store.open(settings.store.url) as store:
        yield settings, store


def _who(by: str | None) -> str:
    import getpass

    return by or getpass.getuser()


def _full_id(store: Store, start: str) -> str:
    """The alert whose id begins so; UsageError where there is none, or more than one."""
    from pipeline.errors import UsageError
    from pipeline.store.actions import ids_like

    found = ids_like(store, start)
    if not found:
        raise UsageError(
            f"There is no alert {start} in the store; `tocsin alerts list` shows those there are."
        )
    if len(found) > 1 and start not in found:
        raise UsageError(f"{start} may be any of {', '.join(found)}; give more letters")
    return start if start in found else found[0]


def _other_runs(store: Store, run: str) -> Callable[[], list[str]]:
    return lambda: [other for other in store.runs() if other != run]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(alerts, name="alerts")
