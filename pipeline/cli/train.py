"""`tocsin train`: a model of one's own from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import JsonOption


def train(
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A TOML file: base, data and settings.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the trained checkpoint.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, and replace what is in the folder.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only check recipe, base and data; train nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fine-tune an encoder with a tone and a topic head, as a recipe says.

    Recipe, files, base and labels are checked before the first step. The state is kept in DIR: the same
    command goes on after a kill, and ends with the same weights as if it had not been killed. DIR/log holds
    curves for TensorBoard.

    Several GPUs: `accelerate launch -m pipeline.cli.main train RECIPE --out DIR`.

    With --json, what is known about the training comes to standard output at the end (with --check, the rows
    of every set). What there is to choose in a recipe: docs/models/training.md.
    """
    import json

    from pipeline.errors import UsageError

    try:
        from models.training import run as training
    except ImportError as error:
        raise UsageError(f"training needs {error.name}: pip install -e '.[train]'") from error
    from rich.console import Console

    if out is None and not check:
        raise UsageError("name a folder for the checkpoint: --out DIR")
    console = Console(stderr=as_json)
    if out is None or check:
        rows = training.rows_by_set(training.check(recipe, console))
        if as_json:
            print(json.dumps(rows, indent=1))
        return
    facts = training.run(recipe, out, console, restart=restart)
    if as_json and training.prints():
        print(json.dumps(facts, ensure_ascii=False, indent=1))


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(train)
