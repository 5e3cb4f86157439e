"""`tocsin retrain`: a better model out of people's corrections, promoted if nothing is forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ByOption, ConfigOption, JsonOption, RunOption
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from models.continual.planning import Plan
    from models.continual.retrain import Retrained
    from pipeline.records import Label
    from pipeline.retraining import Gathered
    from pipeline.settings import Settings


def retrain(
    corrections: Annotated[
        str,
        typer.Option(
            "--corrections",
            metavar="store|kafka|FILE",
            help="Where they are: the database, the topic tocsin.labels, or a CSV, JSONL or Parquet file.",
        ),
    ] = "store",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for checkpoint, model and report.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="A column of FILE: --map tone=sentiment."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="MODEL", help="Model to better; default: the setting model.path."),
    ] = None,
    base_model: Annotated[
        Path | None,
        typer.Option(
            "--base-model",
            metavar="DIR",
            help="Its checkpoint, to train on from; default: the weights in the model itself.",
        ),
    ] = None,
    rehearsal: Annotated[
        str,
        typer.Option(
            "--rehearsal",
            metavar="auto|sets|store|demo|FILE",
            help="What is rehearsed so that nothing is forgotten; auto takes the first that is there.",
        ),
    ] = "auto",
    rows: Annotated[int, typer.Option("--rows", min=50, help="Rows that are rehearsed, at most.")] = 2000,
    protect: Annotated[
        list[str] | None,
        typer.Option(
            "--protect",
            metavar="FILE|SET",
            help="A labelled file or set that must not get worse, beside the usual tests; may be repeated.",
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option("--tolerance", min=0.0, max=1.0, help="How far a protected metric may fall.")
    ] = 0.03,
    share: Annotated[
        float,
        typer.Option("--share", min=0.01, max=0.9, help="Share of the training rows that are corrections."),
    ] = 0.3,
    anchor: Annotated[
        float,
        typer.Option(
            "--anchor",
            min=0.0,
            max=0.9,
            help="How much the current model's own answers hold it back: more keeps more, less learns more.",
        ),
    ] = 0.6,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 2,
    learning_rate: Annotated[float, typer.Option("--learning-rate", min=1e-7)] = 3e-5,
    tune: Annotated[
        str, typer.Option("--tune", metavar="full|top|lora", help="What of the encoder learns.")
    ] = "full",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Of the new model; default: the current one's.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be trained on and protected.")
    ] = False,
    promote: Annotated[
        bool, typer.Option("--promote/--no-promote", help="Make it current where it may be.")
    ] = True,
    by: ByOption = None,
    threads: Annotated[int, typer.Option("--threads", min=0, help="0 takes every core.")] = 0,
    run: RunOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train on from the current model with people's corrections, and promote the outcome if it may be.

    Corrections are mixed with rows to rehearse. A fifth of the corrected texts is never learned: the new
    model must not be worse on them. On no protected set may accuracy or macro-F1 have fallen by more than
    --tolerance, with 97.5 % confidence. Either way the new model is put beside the other versions
    (`tocsin models list`), with its report; ends with status 1 where it was not promoted for a reason.
    """
    import getpass

    try:
        from models.continual.planning import Options, plan
        from models.continual.retrain import retrain as train_on
    except ImportError as error:
        raise UsageError(f"retraining needs {error.name}: pip install -e '.[train]'") from error
    from models.continual.corrections import divide, to_examples
    from models.serving.classifier import Classifier
    from models.serving.opening import model_folder
    from pipeline.cli.labels import parse_columns
    from pipeline.cli.progress import stderr_console
    from pipeline.retraining import gather, to_corrections
    from pipeline.settings import load_settings
    from pipeline.versions import model_path

    if out is None and not dry_run:
        raise UsageError("name a folder for checkpoint, model and report: --out DIR")
    if tune not in ("full", "top", "lora"):
        raise UsageError(f"--tune {tune}: full, top or lora")
    settings = load_settings(config, run=run)
    console = stderr_console()
    folder = model_folder(model or model_path(settings))
    current = Classifier.load(folder, backend="onnx", threads=threads)
    labels = _labels(settings, corrections, parse_columns(mapping or ()), current.topics, console)
    examples = to_examples(to_corrections(labels), current.topics)
    options = Options(
        share=share,
        rows=rows,
        anchor=anchor,
        epochs=epochs,
        learning_rate=learning_rate,
        tune=tune,  # type: ignore[arg-type]
        tolerance=tolerance,
        name=name,
        threads=threads,
    )
    gathered = gather(
        settings,
        current,
        rehearsal=rehearsal,
        protect=protect or (),
        rows=rows,
        without=frozenset(example.key for example in examples),
    )
    planned = plan(
        divide(examples, hold_out=options.hold_out, dev_share=options.dev_share),
        gathered.rehearsal,
        gathered.protected,
        current.training,
        options,
    )
    if dry_run or out is None:
        _show_plan(planned, gathered, as_json)
        return
    for notice in (*gathered.notices, *planned.notices()):
        console.print(f"mind: {notice}", markup=False, style="yellow")
    with _progress(console) as (step, epoch, asked):
        done = train_on(
            planned,
            folder,
            out,
            gathered.protected,
            options,
            base=base_model,
            step=step,
            epoch=epoch,
            asked=asked,
        )
    _finish(settings, folder, out, done, promote=promote, by=by or getpass.getuser(), as_json=as_json)


def _labels(
    settings: Settings,
    corrections: str,
    mapping: dict[str, str],
    topics: tuple[str, ...],
    console: Console,
) -> list[Label]:
    import getpass
    from datetime import UTC, datetime

    from pipeline.cli.labels import kept_labels
    from pipeline.feed import Rejections
    from pipeline.labels.file import read_labels

    if corrections in ("store", "kafka"):
        labels = kept_labels(settings, corrections)
        if not labels:
            raise UsageError(f"there are no corrections in the {corrections}: `tocsin labels import FILE`")
        return labels
    read = read_labels(
        corrections,
        topics=topics,
        by=getpass.getuser(),
        run=settings.run,
        now=datetime.now(UTC),
        future_tolerance=settings.event_time.future_tolerance,
        mapping=mapping,
    )
    rejections = Rejections()
    for record in read.rejected:
        rejections.add(record)
    for line in rejections.lines():
        console.print(f"rejected: {line}", markup=False, style="yellow")
    if not read.labels:
        raise UsageError(f"{corrections} holds no corrections: {'; '.join(rejections.lines())}")
    return read.labels


def _show_plan(planned: Plan, gathered: Gathered, as_json: bool) -> None:
    from collections import Counter

    parts = planned.corrections
    told: dict[str, Any] = {
        "corrections": {
            "train": len(parts.train),
            "dev": len(parts.dev),
            "held_out": len(parts.held_out),
        },
        "rehearsal": dict(Counter(row.source for row in planned.rehearsal.train)),
        "rehearsal_from": gathered.source,
        "protected": {name: len(rows) for name, rows in gathered.protected.sets.items()},
        "kept_aside": len(planned.rehearsal.judged),
        "weights": planned.recipe.weights,
        "notices": [*gathered.notices, *planned.notices()],
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
        return
    rehearsed = ", ".join(f"{count:,} of {name}" for name, count in told["rehearsal"].items())
    protected = ", ".join(f"{name} ({count:,} rows)" for name, count in told["protected"].items())
    print(
        f"corrections: {len(parts.train):,} to learn, {len(parts.dev):,} to choose the epoch by, "
        f"{len(parts.held_out):,} held out\n"
        f"rehearsal, {gathered.source}: {rehearsed}\n"
        f"protected: {protected or 'no labelled set'}"
        + (f"; {told['kept_aside']:,} answers that should stay" if told["kept_aside"] else "")
    )
    for notice in told["notices"]:
        print(f"mind: {notice}")


@contextmanager
def _progress(console: Console) -> Iterator[tuple[Any, Any, Any]]:
    """Bars for training and for asking both models; lines of the epochs."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        training = bar.add_task("training", total=None)
        asking = bar.add_task("asking both models", total=None, visible=False)

        def step(done: int, steps: int, loss: float) -> None:
            bar.update(training, completed=done, total=steps, description=f"training, loss {loss:.3f}")

        def epoch(report: Any) -> None:
            console.print(f"epoch {report.epoch}: loss {report.loss:.3f}, macro-F1 {report.macro_f1:.3f}")

        def asked(more: int) -> None:
            bar.update(asking, visible=True)
            bar.advance(asking, more)

        yield step, epoch, asked


def _finish(
    settings: Settings, current: Path, out: Path, done: Retrained, *, promote: bool, by: str, as_json: bool
) -> None:
    from pipeline.retraining import adopt
    from pipeline.versions import PREFIX, registry

    decision = done.decision
    switch = promote and decision.promote
    counts = done.report["corrections"]
    version = adopt(
        registry(settings),
        current,
        done.served,
        done.report,
        promote=switch,
        by=by,
        why=f"retrained with {counts['train']:,} corrections",
    )
    report = done.report | {"version": version.name, "promoted": switch}
    _write_report(out, done, report)
    if as_json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        for check in decision.checks:
            print(f"{'holds ' if check.holds else 'FAILS '} {check.text}")
        if switch:
            print(f"Promoted {version.name}; the report is in {out}. Workers take it at their next start.")
            if settings.model.path != f"{PREFIX}current":
                print(f'The settings name model.path = "{settings.model.path}": set it to "{PREFIX}current".')
        elif decision.promote:
            print(f"{version.name} may be promoted: tocsin models promote {version.name}")
        else:
            print(f"Not promoted: {version.name} stays beside the current model. The report is in {out}.")
            for reason in decision.reasons:
                print(f"  {reason}")
    if not decision.promote:
        raise typer.Exit(1)


def _write_report(out: Path, done: Retrained, report: dict[str, Any]) -> None:
    from models.continual.page import retraining_page

    (out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (out / "report.html").write_text(retraining_page(done), "utf-8")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retrain)
