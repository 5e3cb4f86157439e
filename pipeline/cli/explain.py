"""`tocsin explain`: which words of a text speak for its topic and tone, and which against."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from models.explain import Explanation


class Head(StrEnum):
    """What the model tells of a text."""

    TONE = "tone"
    TOPIC = "topic"


class Method(StrEnum):
    """How words are weighed."""

    AUTO = "auto"
    IG = "ig"
    OCCLUSION = "occlusion"


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The text; - reads it from standard input.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="A preset, or a folder: served model, checkpoint, transformers classifier. Default: as set.",
        ),
    ] = None,
    heads: Annotated[
        list[Head] | None, typer.Option("--head", help="Explain this alone; may be repeated. Default: both.")
    ] = None,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="ig: integrated gradients, needs the extra train. occlusion: leave words out. "
            "auto: ig where that is installed.",
        ),
    ] = Method.AUTO,
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with every word's weight.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which words speak for the topic and tone of a text, and which against.

    Weights are in log-odds of the answer. With integrated gradients they add up to the difference between the
    text and a text that says nothing, but for the completeness error, which is shown. Occlusion asks the
    model that serves, with one word left out at a time.
    """
    from models.explain import explain as explain_text
    from pipeline.cli.quiet import quiet_transformers
    from pipeline.settings import load_settings
    from pipeline.versions import model_path

    if text == "-":
        text = sys.stdin.read()
    if model is None:
        model = model_path(load_settings(config))
    if method is not Method.OCCLUSION:
        quiet_transformers()
    explanation = explain_text(
        text, model, method=method.value, heads=[head.value for head in heads] if heads else None
    )
    if page is not None:
        _write(page, explanation)
    if as_json:
        print(json.dumps(explanation.to_dict(), ensure_ascii=False, indent=1))
        return
    from rich.console import Console

    from models.explain.terminal import show_explanation

    show_explanation(explanation, Console())
    if page is not None:
        print(f"Wrote {page}")


def _write(file: Path, explanation: Explanation) -> None:
    from models.explain.page import explanation_page
    from pipeline.atomic import whole_file
    from pipeline.errors import UsageError

    try:
        with whole_file(file) as partial:
            partial.write_text(explanation_page(explanation), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write to {file}: {error.strerror}") from error


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)
