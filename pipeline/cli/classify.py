"""`tocsin classify`: topic and tone of every text in a file."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from models.serving.classifier import Classifier
    from pipeline.feed import Feed, Rejections


def classify(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet, also .gz; - for stdin.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write; default: standard output.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="auto, csv, jsonl or parquet.")] = "auto",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="A column by name: --map text=tweet."),
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", metavar="FILE", help="Where to write rows that were rejected."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell topic and tone of every text in a file; needs a text column, no broker, no time.

    Writes one JSON object a line: id, lang, topic, p_topic, tone, p_negative, p_neutral, p_positive, score
    (p_positive - p_negative) and model. A text without an id gets its row number; lang is detected where
    there is no such column. Rows that cannot be read are counted and named, the others go on. A file appears
    whole or not at all. Counts go to standard error; with --json and --out, as JSON to standard output.
    """
    from datetime import UTC, datetime

    from pipeline.feed import open_feed, parse_mapping
    from pipeline.model import load_classifier
    from pipeline.settings import load_settings

    settings = load_settings(config)
    now = datetime.now(UTC)
    with open_feed(file, now=now, mapping=parse_mapping(mapping or ()), format=form, stamped=False) as feed:
        classifier = load_classifier(settings)
        counts, rejections, notices = _classify(feed, classifier, now, out, rejected)
    _report(counts, rejections, notices, as_json=as_json, to_stdout=out is not None)
    if not counts["classified"]:
        raise typer.Exit(1)


def _classify(
    feed: Feed, classifier: Classifier, now: Any, out: Path | None, rejected: Path | None
) -> tuple[dict[str, Any], Rejections, list[str]]:
    import msgspec

    from pipeline.classify_feed import classify_feed
    from pipeline.cli.progress import feed_progress
    from pipeline.feed import Rejections

    tones: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    rejections = Rejections()
    begun = time.monotonic()
    with ExitStack() as stack:
        output = stack.enter_context(_output(out))
        refuse = stack.enter_context(_output(rejected)) if rejected else None
        shown = stack.enter_context(feed_progress("classifying", feed))
        for labels, refused in classify_feed(feed, classifier, now=now):
            output.writelines(msgspec.json.encode(label) + b"\n" for label in labels)
            output.flush()
            tones.update(label.tone for label in labels)
            topics.update(label.topic for label in labels)
            languages.update(label.lang for label in labels)
            for record in refused:
                rejections.add(record)
                if refuse is not None:
                    refuse.write(msgspec.json.encode(record) + b"\n")
            shown(feed.rows_read)
    seconds = time.monotonic() - begun
    counts = {
        "documents_in": feed.rows_read,
        "classified": tones.total(),
        "rejected": rejections.total,
        "rejected_by_reason": rejections.by_reason(),
        "tones": dict(tones.most_common()),
        "topics": dict(topics.most_common()),
        "languages": dict(languages.most_common()),
        "model": classifier.model,
        "seconds": round(seconds, 3),
        "documents_per_second": round(tones.total() / seconds, 1),
    }
    foreign = foreign_languages(languages, classifier.languages)
    return counts, rejections, [*feed.notices(), *foreign]


def foreign_languages(found: Mapping[str, int], known: Collection[str]) -> list[str]:
    """Say of how many texts the language is none of the model's; nothing where there are none."""
    ours = {tag.lower().split("-")[0] for tag in known} | {"und"}
    others = {tag: count for tag, count in found.items() if tag.lower().split("-")[0] not in ours}
    if not others:
        return []
    most = ", ".join(f"{tag} {count:,}" for tag, count in list(others.items())[:5])
    return [
        f"{sum(others.values()):,} texts are in languages the model was not trained for ({most}); it knows "
        f"{', '.join(known)}: do not rely on their scores"
    ]


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that appears when all is well, or standard output, whose reader may leave when it likes."""
    from pipeline.atomic import whole_file
    from pipeline.errors import UsageError

    if path is not None and str(path) != "-":
        try:
            with whole_file(path) as partial, partial.open("wb") as file:
                yield file
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
            raise UsageError(f"cannot write to {path}: {error.strerror}") from None
        return
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # `| head` has read enough; what is still buffered must not raise again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def _report(
    counts: dict[str, Any], rejections: Rejections, notices: list[str], *, as_json: bool, to_stdout: bool
) -> None:
    if as_json:
        import msgspec

        print(msgspec.json.encode(counts).decode(), file=sys.stdout if to_stdout else sys.stderr)
        return
    tones = ", ".join(f"{tone} {count:,}" for tone, count in counts["tones"].items())
    print(
        f"{counts['classified']:,} classified in {counts['seconds']:.1f} s "
        f"({counts['documents_per_second']:,.0f} a second) by {counts['model']}: {tones or 'none'}",
        file=sys.stderr,
    )
    for notice in notices:
        print(notice, file=sys.stderr)
    if rejections.total:
        print(f"{rejections.total:,} rejected:", file=sys.stderr)
        for line in rejections.lines():
            print(f"  {line}", file=sys.stderr)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(classify)
