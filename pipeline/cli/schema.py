"""`tocsin schema`: JSON Schema of the records on the wire."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def schema(
    name: Annotated[
        str | None, typer.Argument(metavar="[RECORD]", help="One record, such as ScoredDocument.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write a file a record instead of printing.")
    ] = None,
) -> None:
    """Print the JSON Schema of the records in Kafka, or of one, or write one file each."""
    from pipeline.schema import render, schemas, select

    chosen = select(schemas(), name)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for record, content in chosen.items():
            (out / f"{record}.json").write_text(render(content), "utf-8")
            print(out / f"{record}.json")
    elif name is not None:
        print(render(chosen[name]), end="")
    else:
        print(render(chosen), end="")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)
