"""`tocsin evaluate`: how good a model is on labelled rows, and whether another is better."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from models.evaluation.rows import Rows
    from models.serving.classifier import Classifier


def evaluate(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="[MODEL]",
            help="A preset, a folder with a model, or registry:VERSION. Default: the settings' model.",
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            "--data",
            metavar="FILE|SET",
            help="A labelled CSV, JSONL or Parquet, or a set by name; may be repeated. Default: every test.",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="OURS=THEIRS",
            help="A column of the files: text, body, tone, topic, split or id, as in --map tone=sentiment.",
        ),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            metavar="THEIRS=OURS",
            help="What a label of the files means: --label bearish=negative.",
        ),
    ] = None,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare", metavar="A B", help="Say whether model B is better than model A."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write report.html and report.json there.")
    ] = None,
    errors: Annotated[
        int,
        typer.Option(
            "--errors", metavar="N", min=0, help="Show the texts of the N surest mistakes of a set."
        ),
    ] = 0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a model on rows with labels, or compare two.

    Prints accuracy, macro-F1 and calibration error with 95 % intervals, precision, recall and F1 of every
    class, and the same by source, language and length. `--out` writes a page with confusion matrices and
    reliability diagrams, and everything as JSON. Without `--data`, every test in a language of the model is
    taken: rows that no training saw.

    `--compare A B` asks both models about the same rows: exact McNemar test and paired bootstrap decide
    whether B is better beyond noise, and the answer says how small a difference so many rows could show. It
    ends with status 0 either way; in JSON the answer is `verdict`.
    """
    from rich.console import Console

    from models.evaluation import evaluate as measuring
    from models.evaluation.page import comparison_page, report_page
    from models.evaluation.records import comparison_record, report_record
    from models.evaluation.rows import choose_rows
    from models.evaluation.tables import show_comparison, show_report
    from pipeline.errors import UsageError
    from pipeline.model import load_classifier
    from pipeline.settings import load_settings

    if compare and model:
        raise UsageError(f"--compare names both models: leave {model!r} out")
    if out is not None:
        from models.evaluation.pictures import check_pictures

        check_pictures()
        _make_folder(out)
    settings = load_settings(config)
    models = [load_classifier(settings, name) for name in compare or (model,)]
    rows = choose_rows(data or (), models, columns=_columns(mapping), labels=_labels(labels))
    console = Console()
    with _progress(rows, models) as progress:
        if compare:
            a, b = models
            found = measuring.compare_models(a, b, rows, progress=progress)
            record = comparison_record(a.model, b.model, found, rows.notices)
        else:
            report = measuring.evaluate(models[0], rows, mistakes=errors, progress=progress)
            record = report_record(report)
    if out is not None:
        page = comparison_page(a.model, b.model, found, rows.notices) if compare else report_page(report)
        _write(out, record, page)
    if as_json:
        print(json.dumps(record, ensure_ascii=False, indent=1))
    elif compare:
        show_comparison(a.model, b.model, found, rows.notices, console)
    else:
        show_report(report, console)
    if out is not None and not as_json:
        console.print(f"Wrote {out / 'report.html'} and {out / 'report.json'}", markup=False)


def _columns(values: Sequence[str] | None) -> dict[str, str]:
    # A column's name may hold a `=`, ours do not.
    return _pairs([value.partition("=") for value in values or ()], "--map OURS=THEIRS")


def _labels(values: Sequence[str] | None) -> dict[str, str]:
    return _pairs([value.rpartition("=") for value in values or ()], "--label THEIRS=OURS")


def _pairs(parts: Sequence[tuple[str, str, str]], form: str) -> dict[str, str]:
    from pipeline.errors import UsageError

    for part in parts:
        if not all(part):
            raise UsageError(f"{''.join(part)!r} is not of the form {form}")
    return {left: right for left, _, right in parts}


@contextmanager
def _progress(rows: Rows, models: Sequence[Classifier]) -> Iterator[Callable[[int], None]]:
    from pipeline.cli.progress import document_progress, stderr_console

    total = len(models) * sum(len(examples) for examples in rows.sets.values())
    with document_progress("classifying", total, stderr_console()) as shown:
        yield shown


def _make_folder(folder: Path) -> None:
    """Before the work, so that an hour is not measured for nothing."""
    from pipeline.errors import UsageError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error


def _write(folder: Path, record: dict[str, Any], page: str) -> None:
    from pipeline.atomic import whole_file
    from pipeline.errors import UsageError

    contents = {
        "report.json": json.dumps(record, ensure_ascii=False, indent=1) + "\n",
        "report.html": page,
    }
    try:
        for name, content in contents.items():
            with whole_file(folder / name) as partial:
                partial.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}") from error


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)
