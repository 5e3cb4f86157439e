"""Options that several subcommands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings file; default TOCSIN_CONFIG, else tocsin.toml where it exists.",
    ),
]
RunOption = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="`live`, or the name of a replay; default: settings."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
ByOption = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does this; default: the user's name.")
]
TaxonomyOption = Annotated[
    Path | None, typer.Option("--taxonomy", metavar="FILE", help="Topics of your own; default: Tocsin's.")
]
