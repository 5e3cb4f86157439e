"""`tocsin labels`: people's corrections of what the model said, in and out."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import ByOption, ConfigOption, JsonOption, RunOption

if TYPE_CHECKING:
    from pipeline.labels.file import Read
    from pipeline.records import Label
    from pipeline.settings import Settings

labels = typer.Typer(
    no_args_is_help=True, help="People's corrections of what the model said: import, list, export."
)

ViaOption = Annotated[
    str, typer.Option("--via", metavar="store|kafka", help="The database, or the topic tocsin.labels.")
]


@labels.command("import")
def import_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet, also .gz; - for stdin.")
    ],
    by: ByOption = None,
    via: ViaOption = "store",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="A column by name: --map tone=sentiment."),
    ] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep the corrections of a file, with who said it and when.

    A row has a tone or a topic or both, and a text (title, body) or the id of a document of the store. Rows
    that are no corrections are named here and kept among the rejected, with the reason. Through kafka, a
    worker writes them to the store.
    """
    import getpass
    from datetime import UTC, datetime

    from pipeline.labels.file import read_labels
    from pipeline.labels.log import publish_labels
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    _check_via(via)
    with Store.open(settings.store.url) as store:
        read = read_labels(
            file,
            topics=_topics(settings),
            by=by or getpass.getuser(),
            run=settings.run,
            now=datetime.now(UTC),
            future_tolerance=settings.event_time.future_tolerance,
            mapping=parse_columns(mapping or ()),
            lookup=lambda id: store.document(settings.run, id),
        )
        if via == "kafka":
            publish_labels(settings, read.labels, read.rejected)
        else:
            store.write_labels(read.labels)
            store.write_rejected(read.rejected)
    _report(read, as_json)
    if not read.labels:
        raise typer.Exit(1)


@labels.command("list")
def list_command(
    via: ViaOption = "store",
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Only what this person said.")
    ] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the corrections that are kept, oldest first; without --run, of every run."""
    from pipeline.settings import load_settings

    settings = load_settings(config, run=run)
    kept = kept_labels(settings, via, every_run=run is None)
    kept = [label for label in kept if by is None or label.by == by]
    if as_json:
        import msgspec

        print(msgspec.json.encode(kept).decode())
        return
    if not kept:
        print("No corrections are kept. `tocsin labels import FILE` takes some in.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("at", "by", "said", "right", "text", "note", box=None)
    for label in kept:
        said = " ".join(part for part in (label.said_tone or "", label.said_topic) if part)
        right = " ".join(part for part in (label.tone or "", label.topic) if part)
        cells = (label.by, said, right, (label.title or label.body)[:60], label.note[:40])
        table.add_row(f"{label.at:%Y-%m-%d %H:%M}", *map(Text, cells))
    Console().print(table)


@labels.command("export")
def export_command(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="CSV to write; import reads it again.")],
    via: ViaOption = "store",
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every correction to a CSV, oldest first; without --run, of every run."""
    from pipeline.atomic import whole_file
    from pipeline.labels.file import write_labels
    from pipeline.settings import load_settings

    kept = kept_labels(load_settings(config, run=run), via, every_run=run is None)
    with whole_file(out) as partial:
        write_labels(partial, kept)
    print(json.dumps({"labels": len(kept)}) if as_json else f"wrote {len(kept):,} labels to {out}")


def kept_labels(settings: Settings, via: str, *, every_run: bool = True) -> list[Label]:
    """Every correction in the store or the topic; what the topic holds that is none is said on stderr."""
    from pipeline.labels.log import read_log
    from pipeline.store import Store

    _check_via(via)
    if via == "store":
        with Store.open(settings.store.url) as store:
            return store.labels(None if every_run else settings.run)
    found, invalid = read_log(settings, _topics(settings))
    if invalid:
        print(f"tocsin: {invalid:,} records of the topic are no labels: see the rejected", file=sys.stderr)
    return [label for label in found if every_run or label.run == settings.run]


def _check_via(via: str) -> None:
    from pipeline.errors import UsageError

    if via not in ("store", "kafka"):
        raise UsageError(f"--via {via}: store or kafka")


def _topics(settings: Settings) -> tuple[str, ...]:
    """Topic ids of the model that the settings name."""
    from models.serving.manifest import read_manifest
    from models.serving.opening import model_folder
    from pipeline.versions import model_path

    return read_manifest(model_folder(model_path(settings))).topics


def parse_columns(pairs: Sequence[str]) -> dict[str, str]:
    """Read `--map OURS=THEIRS` into field → column; `text` stands for `title`."""
    from pipeline.errors import UsageError

    mapping = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not equals or not theirs.strip():
            raise UsageError(f"--map {pair}: write ours=theirs, such as --map tone=sentiment")
        mapping["title" if ours.strip() == "text" else ours.strip()] = theirs.strip()
    return mapping


def _report(read: Read, as_json: bool) -> None:
    from collections import Counter

    from pipeline.feed import Rejections

    rejections = Rejections()
    for record in read.rejected:
        rejections.add(record)
    if as_json:
        told = {
            "labels": len(read.labels),
            "tones": dict(Counter(label.tone for label in read.labels if label.tone)),
            "topics": dict(Counter(label.topic for label in read.labels if label.topic)),
            "rejected": rejections.total,
            "rejected_by_reason": rejections.by_reason(),
        }
        print(json.dumps(told))
        return
    print(f"{len(read.labels):,} labels kept")
    for line in rejections.lines():
        print(f"rejected: {line}", file=sys.stderr)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(labels, name="labels")
