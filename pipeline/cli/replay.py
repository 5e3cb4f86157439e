"""`tocsin replay`: a feed of the past through the code that listens to the present."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.events import AlertEvent
    from pipeline.replay import History, Pace, ReplayResult, Summary
    from pipeline.replay.offline import OnDocuments
    from pipeline.settings import Settings
    from pipeline.store import Store


def replay(
    feed: Annotated[
        str, typer.Argument(metavar="FEED", help="CSV, JSONL or Parquet, also .gz, with text and time.")
    ],
    via: Annotated[
        str, typer.Option("--via", help="offline: in this process; kafka: through a worker.")
    ] = "offline",
    speed: Annotated[
        str, typer.Option("--speed", metavar="max|N", help="N times as fast as it happened.")
    ] = "max",
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="First time, such as 2008-09-14.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="TIME", help="First time that is out again.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where alerts, sentiment, rejections and summary go."),
    ] = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="RUN", help="Name of the run; default: the feed's name.")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS", help="A column by name: --map title=headline."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="auto, csv, jsonl or parquet.")] = "auto",
    cache: Annotated[
        bool, typer.Option("--cache/--no-cache", help="Keep scores for the next replay.")
    ] = True,
    keep: Annotated[
        bool,
        typer.Option(
            "--store", help="Keep it in the store, in place of a run of that name (kafka always does)."
        ),
    ] = False,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--compare", metavar="A.toml B.toml", help="What if: alerts gained, lost and moved from A to B."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay a feed: what would have rung, when, and why.

    Documents are heard in the order in which they were published. With --out, DIR holds alerts.jsonl,
    sentiment.parquet, rejected.jsonl where rows were rejected, and summary.json, whose digest tells whether
    two replays came to the same. Scores are kept under the state folder, so that the next replay of these
    texts, with other settings, takes seconds. With --store, the run can be looked at and reported on like the
    live one: `tocsin report --run RUN`.

    With --compare, the feed is heard once and two settings files are held against each other; with --out, DIR
    then holds compare.html and compare.json.
    """
    from datetime import UTC, datetime

    from pipeline.errors import UsageError
    from pipeline.feed import open_feed, parse_mapping
    from pipeline.replay import Pace, read_history, summarise, write_outputs
    from pipeline.replay.outputs import make_folder
    from pipeline.settings import load_settings

    settings = load_settings(config, run=run or run_name(feed))
    if settings.run == "live":
        raise UsageError("--run live: `live` is the name of what is listened to now; give the replay another")
    if via not in ("offline", "kafka"):
        raise UsageError(f"--via {via}: offline or kafka")
    pace = Pace(_speed(speed))
    since, until = _time("--from", start), _time("--to", end)
    if since and until and since >= until:
        raise UsageError(f"--from {start} is not before --to {end}")
    if out is not None:
        make_folder(out)
    now = datetime.now(UTC)
    tolerance = settings.event_time.future_tolerance
    columns = parse_mapping(mapping or ())
    with open_feed(
        feed, now=now, mapping=columns, format=form, run=settings.run, future_tolerance=tolerance
    ) as opened:
        from pipeline.cli.progress import feed_progress

        with feed_progress("reading", opened) as shown:
            history = read_history(opened, start=since, end=until, on_row=_every(1000, shown))
        notices = opened.notices()
    if compare is not None:
        from pipeline.cli.whatif import show_comparison

        show_comparison(history, compare, settings, now, out, use_cache=cache, as_json=as_json)
        return
    with _store(settings, keep=keep and via == "offline") as store:
        on_documents = store.write_documents if store is not None else None
        result = _shell(
            via,
            history,
            settings,
            pace,
            now,
            use_cache=cache,
            paced=speed != "max",
            on_documents=on_documents,
        )
        if store is not None:
            store.write_sentiment(result.minutes)
            store.write_alerts(result.events)
            store.write_rejected(result.rejected)
    from dashboards.board import watchlist_labels

    summary = write_outputs(out, result) if out is not None else summarise(result)
    if as_json:
        import msgspec

        print(msgspec.json.encode(summary).decode())
    else:
        _report(result, summary, notices, out, watchlist_labels(settings.watchlists))
    if not result.documents_in - len(result.rejected):
        raise typer.Exit(1)


def run_name(feed: str) -> str:
    """Name of a run after its feed: `Reuters_2008.csv.gz` → `reuters-2008`."""
    stem = Path(feed).name.lower().split(".")[0]
    name = re.sub(r"[^a-z0-9]+", "-", stem).strip("-")[:63].strip("-")
    return name if name and name != "live" else "replay"


@contextmanager
def _store(settings: Settings, *, keep: bool) -> Iterator[Store | None]:
    """The store, rid of a run of this name; None where nothing is to be kept."""
    from datetime import timedelta

    from pipeline.store import Store

    if not keep:
        yield None
        return
    lateness = timedelta(seconds=settings.event_time.allowed_lateness)
    with Store.open(settings.store.url, lateness=lateness) as store:
        store.delete_run(settings.run)
        yield store


def _shell(
    via: str,
    history: History,
    settings: Settings,
    pace: Pace,
    now: datetime,
    *,
    use_cache: bool,
    paced: bool,
    on_documents: OnDocuments | None = None,
) -> ReplayResult:
    from pipeline.cli.progress import document_progress, stderr_console

    console = stderr_console()
    on_event = (lambda event: _ring(console, event)) if paced else (lambda _: None)
    if via == "kafka":
        from pipeline.replay.kafka import replay_via_kafka

        with document_progress("classifying", len(history.documents), console) as shown:
            return replay_via_kafka(settings, history, pace, on_scored=shown, on_event=on_event)

    from pipeline.model import load_classifier
    from pipeline.replay import replay_offline
    from pipeline.score_cache import CachedClassifier, ScoreCache

    loaded = load_classifier(settings)
    kept = ScoreCache(settings.state_dir / "cache" / "scores.sqlite", _notify) if use_cache else None
    try:
        with document_progress("classifying", len(history.documents), console) as shown:
            return replay_offline(
                history,
                CachedClassifier(loaded, kept) if kept is not None else loaded,
                settings,
                run=settings.run,
                now=now,
                pace=pace,
                on_scored=shown,
                on_event=on_event,
                on_documents=on_documents,
            )
    finally:
        if kept is not None:
            kept.close()


def _notify(notice: str) -> None:
    print(f"tocsin: {notice}", file=sys.stderr)


def _ring(console: Any, event: AlertEvent) -> None:
    """Say at once what rings, in a replay that somebody is following."""
    from rich.text import Text

    from dashboards.terminal import alert_line

    if event.reason in ("fired", "escalated"):
        console.print(Text(alert_line(event)))


def _speed(text: str) -> float:
    import math

    from pipeline.errors import UsageError

    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise UsageError(f"--speed {text}: max, or a number above 0 such as 3600 (an hour in a second)")
    return speed


def _time(option: str, text: str | None) -> datetime | None:
    from pipeline.errors import UsageError
    from pipeline.feed import parse_time

    if text is None:
        return None
    try:
        return parse_time(text)[0]
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None


def _every(step: int, show: Any) -> Any:
    return lambda rows: show(rows) if rows % step == 0 else None


def _report(
    result: ReplayResult,
    summary: Summary,
    notices: list[str],
    out: Path | None,
    labels: Mapping[str, str],
) -> None:
    from rich.console import Console

    from dashboards.terminal import report
    from pipeline.feed import Rejections
    from pipeline.replay import latest_alerts

    console = Console(highlight=False, soft_wrap=False)
    console.print(report(latest_alerts(result.events), labels=labels))
    console.print()
    console.print(_figures(summary))
    rejections = Rejections()
    for record in result.rejected:
        rejections.add(record)
    for line in [*notices, *(f"rejected: {line}" for line in rejections.lines())]:
        console.print(line, markup=False)
    if out is not None:
        console.print(f"written to {out}", markup=False)


def _figures(summary: Summary) -> Any:
    from rich.table import Table
    from rich.text import Text

    span = f"{summary.first:%Y-%m-%d %H:%M} to {summary.last:%Y-%m-%d %H:%M} UTC" if summary.first else "none"
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in (
        ("documents in", f"{summary.documents_in:,}"),
        ("scored", f"{summary.scored:,}" + (f", {summary.late:,} of them late" if summary.late else "")),
        ("duplicate", f"{summary.duplicate:,}"),
        ("rejected", f"{summary.rejected:,}"),
        ("span", f"{span}, {summary.span_days:,.1f} days"),
        ("took", f"{summary.seconds:,.1f} s, {summary.documents_per_second:,.0f} documents a second"),
        ("run, model", f"{summary.run}, {summary.model}"),
        ("digest", summary.digest),
    ):
        table.add_row(Text(name, style="dim"), Text(value))
    return table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)
