"""`tocsin models`: model versions side by side, which one is current, and whether its answers drift."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ByOption, ConfigOption, JsonOption, RunOption

if TYPE_CHECKING:
    from models.continual.drift import DayReport
    from models.continual.registry import Registry, Version

models = typer.Typer(
    no_args_is_help=True,
    help="Model versions: list, show, promote, roll back; and whether a model's answers drift.",
)

VersionArgument = Annotated[
    str, typer.Argument(metavar="VERSION", help="`current`, NAME@HASH, or the first digits of a hash.")
]
WhyOption = Annotated[str, typer.Option("--why", metavar="TEXT", help="A note for the journal.")]


@models.command("list")
def list_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every version of the registry, the current one marked, and the presets."""
    registry = _registry(config)
    current = registry.current()
    rows = [_summary(version) | {"current": version.name == current} for version in registry.versions()]
    there = {row["version"] for row in rows}
    rows += [
        _summary(version) | {"current": False, "preset": version.folder.name}
        for version in _presets()
        if version.name not in there
    ]
    if as_json:
        print(json.dumps(rows, indent=1))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("", "version", "date", "trained on", "figures", box=None)
    for row in rows:
        name = f"{row['version']} (preset {row['preset']})" if "preset" in row else row["version"]
        figures = ", ".join(f"{name} {value:.3f}" for name, value in row["accuracy"].items())
        table.add_row("*" if row["current"] else "", name, row["date"], row["trained_on"], figures)
    Console().print(table)
    if current is None:
        print('No version is current; workers with model.path = "registry:current" would not start.')


@models.command("show")
def show_command(
    version: VersionArgument = "current", config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Show what a version was trained on and how it was measured."""
    from rich.console import Console

    registry = _registry(config)
    found = registry.get(version)
    training = {key: value for key, value in found.manifest.training.items() if key != "epochs"}
    told = _summary(found) | {
        "folder": str(found.folder),
        "current": registry.current() == found.name,
        "training": training,
        "report": dict(found.report),
        "journal": [
            {"at": entry.at, "kind": entry.kind, "was": entry.was, "by": entry.by, "why": entry.why}
            for entry in registry.journal()
            if entry.version == found.name
        ],
    }
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        Console().print_json(json.dumps(told))


@models.command("add")
def add_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A preset, or a folder with `model.json`.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a served model into the registry; its folder there is its identity, NAME@HASH."""
    from models.serving.opening import model_folder

    version = _registry(config).add(model_folder(model))
    print(json.dumps({"version": version.name}) if as_json else f"added {version.name}")


@models.command("promote")
def promote_command(
    version: VersionArgument,
    by: ByOption = None,
    why: WhyOption = "",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version current, once it has answered its golden sentences.

    What runs with model.path = "registry:current" takes it at its next start; a worker that runs keeps the
    version it began with.
    """
    registry = _registry(config)
    _switched(registry, registry.promote(version, by=by or _user(), why=why), as_json)


@models.command("rollback")
def rollback_command(
    by: ByOption = None, why: WhyOption = "", config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Make current again what was so before the last promotion; again, and it is the one before."""
    registry = _registry(config)
    _switched(registry, registry.rollback(by=by or _user(), why=why), as_json)


@models.command("path")
def path_command(
    version: VersionArgument = "current", config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Print a version's folder."""
    path = _registry(config).path(version)
    print(json.dumps({"path": str(path)}) if as_json else path)


@models.command("drift")
def drift_command(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]", help="Records of tocsin.scored, one a line, also .gz; default: the store."
        ),
    ] = None,
    save_reference: Annotated[
        Path | None,
        typer.Option(
            "--save-reference",
            metavar="FILE",
            help="Keep the counts of all these days for the setting drift.reference.",
        ),
    ] = None,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say of each UTC day how far a model's answers are from what they used to be.

    The population stability index of tones, topics and confidence, against the reference of the setting
    [drift] or the first week: below 0.1 stable, from 0.25 on drift, unless samples of that size may differ
    as much by chance.
    """
    from contextlib import ExitStack

    from pipeline.drift import monitors, read_scored, write_reference
    from pipeline.errors import UsageError
    from pipeline.settings import load_settings
    from pipeline.store import Store

    settings = load_settings(config, run=run)
    with ExitStack() as stack:
        if file is not None:
            found = monitors(lambda: read_scored(file), settings)
        else:
            store = stack.enter_context(Store.open(settings.store.url))
            found = monitors(lambda: store.each_document(settings.run), settings)
    if not found:
        raise UsageError(f"there are no scored documents in {file or f'the store of run {settings.run}'}")
    if save_reference is not None:
        if len(found) != 1:
            raise UsageError(f"a reference is of one model, here are {len(found)}: {', '.join(found)}")
        ((model, monitor),) = found.items()
        write_reference(save_reference, monitor.topics, monitor.total())
    if as_json:
        print(json.dumps([_day(model, day) for model, each in found.items() for day in each.reports()]))
        return
    for model, monitor in found.items():
        _print_days(model, monitor.reports())


def _day(model: str, report: DayReport) -> dict[str, Any]:
    return {
        "model": model,
        "day": report.day.isoformat(),
        "documents": report.documents,
        "confidence_tone": round(report.confidence_tone, 4),
        "confidence_topic": round(report.confidence_topic, 4),
        "stability": {
            what: {
                "index": round(each.index, 4),
                # JSON has no infinity: too few documents for any index to tell.
                "chance": round(each.chance, 4) if each.chance != float("inf") else None,
                "verdict": each.verdict,
            }
            for what, each in report.stability.items()
        },
    }


def _print_days(model: str, reports: list[DayReport]) -> None:
    from rich.console import Console
    from rich.table import Table

    from models.continual.drift import WHAT

    table = Table("day", "documents", *(what.replace("_", " ") for what in WHAT), "mean confidence", box=None)
    styles = {"stable": "", "shift": "yellow", "drift": "bold red"}
    for report in reports:
        cells = []
        for what in WHAT:
            each = report.stability.get(what)
            style = styles[each.verdict] if each else "dim"
            text = f"{each.index:.3f} {each.verdict}" if each else "reference"
            cells.append(f"[{style}]{text}[/]" if style else text)
        confidence = f"{report.confidence_tone:.3f} tone, {report.confidence_topic:.3f} topic"
        table.add_row(report.day.isoformat(), f"{report.documents:,}", *cells, confidence)
    console = Console()
    console.print(model, markup=False)
    console.print(table)


def _registry(config: Path | None) -> Registry:
    from pipeline.settings import load_settings
    from pipeline.versions import registry

    return registry(load_settings(config))


def _presets() -> list[Version]:
    from models.continual.registry import Version
    from models.serving.manifest import read_manifest
    from models.serving.opening import PRESETS

    folders = sorted(entry for entry in PRESETS.iterdir() if (entry / "model.json").is_file())
    manifests = [(folder, read_manifest(folder)) for folder in folders]
    return [Version(manifest.identity, folder, manifest, {}) for folder, manifest in manifests]


def _summary(version: Version) -> dict[str, Any]:
    training = version.manifest.training
    sets = ", ".join(training.get("recipe", {}).get("sets", ()))
    rows = training.get("train_rows")
    return {
        "version": version.name,
        "date": str(training.get("date", "")),
        "trained_on": f"{sets} ({rows:,} rows)" if isinstance(rows, int) else sets,
        "accuracy": {name: each["accuracy"] for name, each in version.report.get("figures", {}).items()},
    }


def _switched(registry: Registry, version: Version, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"current": version.name}))
        return
    print(f"{version.name} is current. Workers take it at their next start.")


def _user() -> str:
    import getpass

    return getpass.getuser()


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(models, name="models")
