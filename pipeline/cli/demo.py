"""`tocsin demo`: the bank run of March 2023, on this machine alone, in a minute."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption
from pipeline.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from dashboards.board import View
    from dashboards.watch import RunWatch
    from pipeline.cli.demo_page import DemoPage
    from pipeline.demo.run import DemoResult
    from pipeline.replay.history import History
    from pipeline.settings import Settings

_WATCHABLE = 60_000.0
"""Speed at which the feed takes half a minute, for people who look on."""
_PLAIN_WIDTH = 100
"""Columns where there is no terminal to ask."""

NEXT_STEPS = (
    ("tocsin console", "topics, alerts and the replay desk over your own store"),
    ("tocsin replay FEED.csv --out DIR", "your own news: a text and a time column"),
    ("tocsin classify FEED.csv", "topic and tone of each row"),
    ("tocsin broker", "a Kafka broker on this machine, and beside it"),
    ("tocsin worker", "the live pipeline from tocsin.documents"),
)


class EngineName(StrEnum):
    """Which embedded broker."""

    auto = "auto"
    kafka = "kafka"
    tansu = "tansu"


def demo(
    config: ConfigOption = None,
    exit_when_done: Annotated[
        bool,
        typer.Option(
            "--exit-when-done", help="For scripts: no console, plain progress lines, no hints at the end."
        ),
    ] = False,
    as_json: JsonOption = False,
    engine: Annotated[EngineName, typer.Option(help="Embedded broker to take.")] = EngineName.auto,
    speed: Annotated[
        str | None,
        typer.Option(
            metavar="N|max",
            help="Times faster than it happened; default 60000, with --exit-when-done or --json max.",
        ),
    ] = None,
    console: Annotated[
        bool,
        typer.Option("--console/--no-console", help="Show it in a browser, too, until Ctrl-C."),
    ] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Loopback port of the console; 0 takes a free one.")
    ] = 0,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also draw board and alerts into an SVG file.")
    ] = None,
) -> None:
    """Replay the bank run of March 2023 and show what rings.

    Starts a broker, a worker and the console on loopback, sends 17 days of news through them, and shows
    topics and alerts as they go, in the browser and here. The console stays open until Ctrl-C; then all that
    was started stops. Needs nothing else and sends nothing anywhere.
    """
    import logging
    from datetime import UTC, datetime

    import msgspec
    from rich.console import Console

    from dashboards.board import watchlist_labels
    from dashboards.watch import PlainWatch, RunWatch
    from models.taxonomy import load_topics
    from pipeline.cli.demo_page import DemoPage
    from pipeline.demo import read_feed
    from pipeline.demo.run import WATCHLISTS
    from pipeline.settings import load_settings

    # A client that asks too early is nothing to tell anybody; what matters ends as an error.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    settings = load_settings(config)
    if svg is not None and not (svg.parent.is_dir() and os.access(svg.parent, os.W_OK)):
        raise UsageError(f"--svg {svg}: {svg.parent} is no folder that can be written to")
    live = sys.stdout.isatty() and not (exit_when_done or as_json)
    browsing = console and not (exit_when_done or as_json)
    pace = parse_speed(speed, _WATCHABLE if live or browsing else math.inf)
    for stream in (sys.stdout, sys.stderr):
        # What the terminal's encoding lacks shall come out as "?", not as the end of the demo.
        _reconfigure(stream, errors="replace")
    out = Console(highlight=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)
    notes = Console(highlight=False, soft_wrap=True, stderr=as_json)

    def say(line: str) -> None:
        notes.print(line, markup=False, emoji=False)

    history = read_feed(datetime.now(UTC))
    total, labels = len(history.documents), {topic.id: topic.name_en for topic in load_topics()}
    labels |= watchlist_labels(settings.watchlists or WATCHLISTS)
    watch = RunWatch("demo", total, labels) if live else PlainWatch("demo", total, labels, say=say)
    page = DemoPage(port, say, open_browser=live) if browsing else None

    def finish(result: DemoResult) -> None:
        if as_json:
            print(msgspec.json.encode(result).decode())
        else:
            out.print(closing(result, labels))
            if not exit_when_done:
                out.print(next_steps())
        if svg is not None:
            svg.write_text(draw(watch.height(), result), "utf-8")
        if page is not None:
            page.stay()

    with _sigterm_as_interrupt():
        _run(settings, history, watch, engine.value, pace, out if live else None, say, page, finish)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def parse_speed(value: str | None, default: float) -> float:
    """Turn `max` or a number above 0 into a speed; raises `UsageError`."""
    if value is None:
        return default
    if value == "max":
        return math.inf
    try:
        speed = float(value)
    except ValueError:
        speed = math.nan
    if not (math.isfinite(speed) and speed > 0):
        raise UsageError(f"--speed {value}: give a number above 0 (times faster than it happened) or max")
    return speed


def _run(
    settings: Settings,
    history: History,
    watch: RunWatch,
    engine: Any,
    speed: float,
    screen: Console | None,
    say: Callable[[str], None],
    page: DemoPage | None,
    finish: Callable[[DemoResult], None],
) -> None:
    from contextlib import ExitStack

    from dashboards.terminal import render
    from pipeline.demo.run import no_console, run
    from pipeline.replay.kafka import replay_via_kafka

    def started(name: str) -> None:
        what = "Apache Kafka" if name == "kafka" else "Tansu (in memory; `make setup` fetches Apache Kafka)"
        say(
            f"Started {what} on loopback; next a worker, then {len(history.documents):,} items of March 2023."
        )

    with ExitStack() as board:
        if screen is not None:
            from rich.live import Live

            picture = Live(get_renderable=lambda: render(watch.view()), console=screen, refresh_per_second=4)
            board.enter_context(picture)

        def done(result: DemoResult) -> None:
            board.close()
            finish(result)

        run(
            settings,
            history,
            replay_via_kafka,
            watch,
            engine=engine,
            speed=speed,
            started=started,
            console=no_console if page is None else page.shown,
            afterwards=done,
        )


def closing(result: DemoResult, labels: Mapping[str, str]) -> RenderableType:
    """What the demo came to: its alerts with their evidence, and one line of counts."""
    from rich.console import Group
    from rich.text import Text

    from dashboards.terminal import report

    counts = (
        f"{result.documents:,} items: {result.scored:,} scored, {result.duplicates:,} duplicates, "
        f"{result.rejected:,} rejected, in {result.seconds:.1f} s"
    )
    return Group(Text(""), report(result.alerts, labels=labels), Text(""), Text(counts, style="dim"))


def next_steps() -> RenderableType:
    """Commands to go on with."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_header=False)
    for command, what in NEXT_STEPS:
        table.add_row(Text(f"  {command}", style="bold"), Text(what))
    return Group(Text(""), Text("What to try next"), table)


def draw(view: View, result: DemoResult) -> str:
    """The board at its height and the alerts as an SVG picture, which loads nothing from anywhere."""
    import io
    import re

    from rich.console import Console

    from dashboards.terminal import render

    picture = Console(
        record=True, width=_PLAIN_WIDTH, file=io.StringIO(), force_terminal=True, highlight=False
    )
    picture.print(render(view, alerts=0))
    picture.print(closing(result, view.labels))
    # rich links web fonts; a reader's own monospace font does.
    return re.sub(r"@font-face \{.*?\}\s*", "", picture.export_svg(title="tocsin demo"), flags=re.DOTALL)


def _reconfigure(stream: Any, **options: str) -> None:
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(**options)


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that the broker and the worker are stopped."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
