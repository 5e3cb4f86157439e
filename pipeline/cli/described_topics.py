"""`tocsin data topics`: topics of a user's own, told by their descriptions."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import JsonOption, TaxonomyOption


def topics(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT…", help="Texts, or - for one a line of stdin.")],
    taxonomy: TaxonomyOption = None,
    model: Annotated[str, typer.Option(help="Model whose encoder compares them.")] = "en",
    threshold: Annotated[
        float | None, typer.Option(help="How far a topic must stand out; below it is `other`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Try topics of your own out: tell them by name, description and examples alone, without training.

    Shows the nearest topic of every text, how far it stands out (in standard deviations) and the one behind
    it. A few examples a topic help much; labelled rows and a training help more.
    """
    import json
    import sys

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from models.taxonomy import load_topics
    from models.text import model_input
    from models.topics import THRESHOLD, DescribedTopics, open_embed

    described = DescribedTopics(
        load_topics(taxonomy),
        open_embed(model),
        threshold=THRESHOLD if threshold is None else threshold,
    )
    lines = [line for text in texts for line in (sys.stdin if text == "-" else [text]) if line.strip()]
    read = [model_input(line) for line in lines]
    fits = described.fit(read)
    places = described.decide(fits)
    table = Table("topic", "stands out by", "nearest", "next", "text")
    for text, place, fit in zip(read, places, fits, strict=True):
        order = [(described.ids[i], round(float(fit[i]), 2)) for i in (-fit).argsort()[:2]]
        if as_json:
            near = [{"topic": topic, "fit": value} for topic, value in order]
            print(
                json.dumps({"text": text, "topic": described.ids[place], "nearest": near}, ensure_ascii=False)
            )
        else:
            names = [topic for topic, _ in order] + [""]
            table.add_row(described.ids[place], f"{order[0][1]:.2f}", *names[:2], escape(text))
    if not as_json:
        Console().print(table)


def register(data: typer.Typer) -> None:
    """Add the command to `tocsin data`."""
    data.command()(topics)
