"""`tocsin data`: what labelled texts hold, before a model is trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli import described_topics
from pipeline.cli.options import JsonOption, TaxonomyOption

if TYPE_CHECKING:
    from models.data import Balance, OwnSet, Reading
    from models.taxonomy import Topic

app = typer.Typer(no_args_is_help=True, help="Check labelled texts, list the public sets, try topics out.")


@app.command()
def check(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="FILE|SET…", help="CSV, TSV or JSONL, also .gz, or Parquet; or a public set."),
    ],
    text: Annotated[str, typer.Option(help="Column of the text, or of the headline.")] = "text",
    body: Annotated[str, typer.Option(help="Column of the body, if there is one.")] = "",
    tone: Annotated[str, typer.Option(help="Column of the tone.")] = "",
    topic: Annotated[str, typer.Option(help="Column of the topic.")] = "",
    split: Annotated[str, typer.Option(help="Column that says train, dev or test.")] = "",
    map_tone: Annotated[
        list[str] | None, typer.Option(metavar="LABEL=TONE", help="What a label means: bearish=negative.")
    ] = None,
    map_topic: Annotated[
        list[str] | None, typer.Option(metavar="LABEL=TOPIC", help="What a label means: rates=macro.")
    ] = None,
    drop_unknown: Annotated[
        bool, typer.Option("--drop-unknown", help="Leave rows with other labels out; default: refuse them.")
    ] = False,
    taxonomy: TaxonomyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what files or sets hold: classes, languages, lengths, and what is left out and why.

    Counts are of the rows that can be used: of texts that stand there twice one row, none where copies clash
    without a majority, and no test row whose text is also trained on. Texts count as the same whatever their
    case, punctuation and links. The same names of columns and labels go into a recipe.
    """
    from models.data import balance, overlaps
    from models.taxonomy import TONES, load_topics

    topics = load_topics(taxonomy)
    columns: dict[str, Any] = {"text": text, "body": body, "tone": tone, "topic": topic, "split": split}
    columns |= {"tones": _label_map("--map-tone", map_tone), "topics": _label_map("--map-topic", map_topic)}
    columns |= {"drop_unknown": drop_unknown}
    readings = [one for source in sources for one in _read(source, columns, topics)]
    ids = tuple(topic.id for topic in topics)
    found = [balance(reading, TONES if reading.task == "tone" else ids) for reading in readings]
    shared = overlaps(readings)
    if as_json:
        _print_json(found, shared)
    else:
        _print_tables(found, readings, shared)


@app.command()
def sets(as_json: JsonOption = False) -> None:
    """List the public sets that a recipe can name, and where they lie under TOCSIN_DATA."""
    import json

    from rich.console import Console
    from rich.table import Table

    from models.data import SETS, TESTS

    if as_json:
        fields = ("name", "task", "language", "licence", "path")
        rows = [
            {field: getattr(one, field) for field in fields}
            | {"classes": sorted(set(one.labels.values())), "test": one.name in TESTS}
            for one in SETS.values()
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    table = Table("set", "task", "language", "classes", "test", "licence", "file")
    for one in SETS.values():
        test = "yes" if one.name in TESTS else ""
        count = str(len(set(one.labels.values())))
        table.add_row(one.name, one.task, one.language, count, test, one.licence, one.path)
    Console().print(table)


def _read(source: str, columns: dict[str, Any], topics: Sequence[Topic]) -> Sequence[Reading]:
    from models.data import SETS, data_folder, read_own, read_public
    from models.errors import ModelError

    if source in SETS:
        return [read_public(data_folder(), source, topics)]
    if not Path(source).exists():
        raise ModelError(f"{source} is neither a file nor one of the sets {', '.join(SETS)}")
    return read_own(_own_set(source, columns), topics)


def _own_set(path: str, columns: dict[str, Any]) -> OwnSet:
    from pydantic import ValidationError

    from models.data import OwnSet
    from models.errors import ModelError

    try:
        return OwnSet.model_validate({"path": path} | columns)
    except ValidationError as error:
        said = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise ModelError(f"{path}: {said} (--tone COLUMN, --topic COLUMN)") from None


def _label_map(option: str, pairs: Sequence[str] | None) -> dict[str, str]:
    from models.errors import ModelError

    wrong = [pair for pair in pairs or () if "=" not in pair]
    if wrong:
        raise ModelError(f"{option} {wrong[0]}: write LABEL=OURS")
    return {raw.strip(): ours.strip() for raw, _, ours in (pair.rpartition("=") for pair in pairs or ())}


def _print_json(found: Sequence[Balance], shared: Sequence[tuple[str, str, int]]) -> None:
    import json
    from dataclasses import asdict

    rows = [asdict(one) | {"warnings": one.warnings} for one in found]
    overlap = [{"sets": [a, b], "texts": texts} for a, b, texts in shared]
    print(json.dumps({"sets": rows, "overlaps": overlap}, indent=1, ensure_ascii=False))


def _print_tables(
    found: Sequence[Balance], readings: Sequence[Reading], shared: Sequence[tuple[str, str, int]]
) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    for one, reading in zip(found, readings, strict=True):
        title = f"{one.name}: {one.used:,} of {one.rows:,} rows teach {one.task}"
        table = Table("class", "rows", "share", "", title=escape(title), title_justify="left")
        most = max(row.share for row in one.classes) or 1
        for row in one.classes:
            bar = "█" * round(24 * row.share / most)
            table.add_row(row.name, f"{row.rows:,}", f"{row.share:.1%}", bar)
        console.print(table)
        lengths = ", ".join(f"{100 * q:.0f} % {n}" for q, n in one.characters.items())
        console.print(f"characters: {lengths}")
        console.print(f"languages: {_counts(one.languages)}")
        if one.parts:
            console.print(f"parts: {_counts(one.parts)}")
        for drop in reading.dropped:
            console.print(escape(f"left out {len(drop.rows):,}: {drop}"))
        for warning in one.warnings:
            console.print(escape(f"mind: {warning}"), style="yellow")
        console.print()
    for a, b, texts in shared:
        console.print(f"{a} and {b} share {texts:,} texts: training takes each once")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def register(main: typer.Typer) -> None:
    """Add the group of commands."""
    described_topics.register(app)
    main.add_typer(app, name="data")
