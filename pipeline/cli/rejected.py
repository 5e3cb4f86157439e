"""`tocsin rejected`: dead letters, looked at safely and published again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from pipeline.cli.options import ByOption, ConfigOption, JsonOption, RunOption

if TYPE_CHECKING:
    from datetime import datetime

    from pipeline.records import Reason, Rejected
    from pipeline.settings import Settings
    from pipeline.store import Store

rejected = typer.Typer(
    no_args_is_help=True, help="What could not be read: list it, look at it, publish it again after a fix."
)

ViaOption = Annotated[
    str, typer.Option("--via", metavar="store|kafka", help="The database, or the topic tocsin.rejected.")
]
ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="REASON", help="Only of this reason, such as bad_json.")
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Refused since: 30m, 2h, 3d, or a time such as 2026-11-26."),
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="As in the list: TOPIC:PARTITION:OFFSET, or FILE:0:ROW.")
]
_SHOWN = 4096


@rejected.command("list")
def list_command(
    reason: ReasonOption = None,
    since: SinceOption = None,
    only_open: Annotated[
        bool, typer.Option("--open", help="Leave out what was retried and accepted, or is on its way.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most, the latest first.")] = 50,
    via: ViaOption = "store",
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List rejected records, the latest first: name, when, why, and what became of a retry."""
    from pipeline.rejected.letters import letters
    from pipeline.rejected.shown import table, told
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    with Store.open(settings.store.url) as store:
        # What is left out must not count against the limit.
        found = letters(
            store, settings.run, _found(settings, store, via, reason, since, None if only_open else limit)
        )
        counts = store.counts(settings.run).rejected
    if only_open:
        found = [each for each in found if each.state not in ("accepted", "sent")]
    found = found[:limit]
    if as_json:
        print(_json([told(each) for each in found]))
        return
    if not found:
        print(
            f"Nothing rejected in run {settings.run}{' that fits' if reason or since or only_open else ''}."
        )
        return
    from rich.console import Console

    Console().print(table(found))
    if via == "store":
        print(", ".join(f"{count:,} {name}" for name, count in sorted(counts.items())), file=sys.stderr)


@rejected.command("show")
def show_command(
    name: NameArgument,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the bytes there, as they came.")
    ] = None,
    whole: Annotated[bool, typer.Option("--whole", help="Show all of it, not the first 4 KiB.")] = False,
    via: ViaOption = "store",
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one rejected record: its bytes made harmless, why it was refused, and what to do."""
    from pipeline.rejected.letters import letters
    from pipeline.rejected.shown import lines, told
    from pipeline.rejected.topic import retryable
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    with Store.open(settings.store.url) as store:
        [letter] = letters(store, settings.run, _named(settings, store, via, [name]))
    if out is not None:
        from pipeline.atomic import whole_file

        with whole_file(out) as partial:
            partial.write_bytes(letter.rejected.raw)
    if as_json:
        print(_json(told(letter, raw=True)))
        return
    print("\n".join(lines(letter, retryable(settings, letter.rejected), None if whole else _SHOWN)))
    if out is not None:
        print(f"wrote {len(letter.rejected.raw):,} bytes to {out}")


@rejected.command("retry")
def retry_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Which, as in the list.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are open; with --reason, --since.")] = False,
    reason: ReasonOption = None,
    since: SinceOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also those that were retried before; a document counts once.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be published.")] = False,
    by: ByOption = None,
    via: ViaOption = "store",
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Publish rejected records again, byte for byte, to the topic they came from.

    Do so after a fix: a newer version, another model, a clock put right. Each is noted in the store, and a
    second retry only says when the first was, unless --again. `list` then tells what was accepted and what
    was rejected once more. Exit status 1 where nothing was published.
    """
    import getpass
    from datetime import UTC, datetime

    from pipeline.errors import UsageError
    from pipeline.rejected.letters import letters, name_of
    from pipeline.rejected.topic import publish_again, retryable
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    if bool(names) == every:
        raise UsageError("say which: names as in `tocsin rejected list`, or --all (with --reason, --since)")
    with Store.open(settings.store.url) as store:
        if names:
            chosen = _named(settings, store, via, names)
        else:
            found = letters(store, settings.run, _found(settings, store, via, reason, since, None))
            wanted = ("open", "rejected_again", "interrupted") if again else ("open",)
            chosen = [each.rejected for each in found if each.state in wanted]
            chosen = [each for each in chosen if retryable(settings, each) is None]
        if dry_run:
            for each in chosen:
                print(name_of(each))
            return
        sent, before = publish_again(
            settings, store, chosen, by=by or getpass.getuser(), at=datetime.now(UTC), again=again
        )
    if as_json:
        print(_json({"published": sent, "retried_before": before}))
    else:
        from pipeline.rejected.shown import said_of

        for retry in sent:
            print(f"published {said_of(retry)}")
        for retry in before:
            print(f"left alone {said_of(retry)}; --again publishes it once more", file=sys.stderr)
        if not sent and not before:
            print("Nothing to retry.", file=sys.stderr)
    if not sent:
        raise typer.Exit(1)


def _found(
    settings: Settings, store: Store, via: str, reason: str | None, since: str | None, limit: int | None
) -> list[Rejected]:
    from pipeline.rejected.letters import choose, stored

    wanted = _reason(reason)
    moment = _since(since)
    if _check_via(via) == "store":
        return stored(store, settings.run, reason=wanted, since=moment, limit=limit)
    from pipeline.rejected.topic import read_topic

    return choose(read_topic(settings), reason=wanted, since=moment)[:limit]


def _named(settings: Settings, store: Store, via: str, names: list[str]) -> list[Rejected]:
    from pipeline.errors import UsageError
    from pipeline.rejected.letters import parse_name, stored_at

    origins = [parse_name(name) for name in names]
    if _check_via(via) == "store":
        found = [stored_at(store, settings.run, origin) for origin in origins]
    else:
        from pipeline.rejected.topic import read_topic

        by_origin = {(each.topic, each.partition, each.offset): each for each in read_topic(settings)}
        found = [by_origin.get(origin) for origin in origins]
    missing = [name for name, each in zip(names, found, strict=True) if each is None]
    if missing:
        where = store.address if via == "store" else f"the topic at {settings.broker.servers}"
        raise UsageError(
            f"no rejected record of run {settings.run} is called {', '.join(missing)} in {where}. "
            "`tocsin rejected list` shows their names."
        )
    return [each for each in found if each is not None]


def _check_via(via: str) -> str:
    from pipeline.errors import UsageError

    if via not in ("store", "kafka"):
        raise UsageError(f"--via {via}: store or kafka")
    return via


def _reason(reason: str | None) -> Reason | None:
    from pipeline.errors import UsageError
    from pipeline.records import Reason

    known: tuple[Reason, ...] = get_args(Reason)
    for each in known:
        if reason == each:
            return each
    if reason is not None:
        raise UsageError(f"--reason {reason}: one of {', '.join(known)}")
    return None


def _since(text: str | None) -> datetime | None:
    import re
    from datetime import UTC, datetime, timedelta

    from pipeline.errors import UsageError

    if text is None:
        return None
    if span := re.fullmatch(r"(\d{1,6})([smhd])", text):
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[span[2]]
        return datetime.now(UTC) - timedelta(**{unit: int(span[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--since {text}: write 30m, 2h, 3d, or a time such as 2026-11-26T09:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(rejected, name="rejected")
