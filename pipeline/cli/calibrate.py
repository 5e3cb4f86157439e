"""`tocsin alerts calibrate`: what an alert budget costs on a history, and what it finds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alerts import Observation
    from pipeline.settings import Settings

_BUDGETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0)


def calibrate(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="A history: CSV, JSONL or Parquet, also .gz.")],
    trials: Annotated[
        int, typer.Option("--trials", min=1, max=100_000, help="Surges of each size to put in.")
    ] = 100,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", metavar="DAY", help="A day of true news, such as 2013-04-15; repeatable."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Curve as .png, .svg or .html (extra `report`)."),
    ] = None,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", metavar="OURS=THEIRS", help="A column by name.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the minutes at which surges are put in.")] = 1,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what each alert budget would have cost on a history: false alarms against surges found.

    Every alarm of the history counts as false, but those of days that are excluded. Surges are extra negative
    stories, 2, 3 and 5 times the normal rate for an hour, put into the history at random minutes, through the
    very detector that listens live. Keys with less than one negative story an hour are left to their alarms.
    """
    from alerts.tradeoff import tradeoff
    from alerts.trials import Surge, run_trials
    from dashboards.calibration import budget_table, check_curve, realised_table, write_curve
    from pipeline.settings import load_settings

    if out is not None:
        check_curve(out)
    settings = load_settings(config, run="calibration")
    observations, keys, watched = _observe(feed, settings, mapping)
    surges = [Surge(factor, 60) for factor in (2.0, 3.0, 5.0)]
    starts = _starts(observations, watched, trials, settings.detector.warmup_days, seed)
    past, outcomes = run_trials(settings.detector, keys, observations, surges, starts, seed=seed)
    excluded = _excluded(exclude or ())
    found = tradeoff(
        past, outcomes, keys, lambda key: settings.detector.limits(key).budget_per_week, excluded
    )
    if out is not None:
        write_curve(found, out, Path(feed).name)
    if as_json:
        import msgspec

        print(msgspec.json.encode(found).decode())
        return
    from rich.console import Console

    console = Console(highlight=False)
    console.print(budget_table(found, _BUDGETS))
    console.print(realised_table(found))
    if out is not None:
        print(f"written to {out}")


def _observe(
    feed: str, settings: Settings, mapping: list[str] | None
) -> tuple[list[Observation], tuple[str, ...], list[str]]:
    """Closed minutes of a feed, every key, and those with a negative story an hour or more."""
    from datetime import UTC, datetime

    from alerts import OVERALL
    from pipeline.cli.whatif import classifying
    from pipeline.errors import UsageError
    from pipeline.feed import open_feed, parse_mapping
    from pipeline.replay import read_history
    from pipeline.replay.observe import observe

    now = datetime.now(UTC)
    tolerance = settings.event_time.future_tolerance
    with open_feed(
        feed,
        now=now,
        mapping=parse_mapping(mapping or ()),
        format="auto",
        run=settings.run,
        future_tolerance=tolerance,
    ) as opened:
        history = read_history(opened)
    with classifying(settings, history) as (classifier, on_scored):
        observations = list(observe(history, classifier, settings, now=now, on_scored=on_scored))
        keys = (OVERALL, *classifier.topics)
    if not observations:
        raise UsageError(f"{feed} holds no document that could be read")
    span = observations[-1].minute + 1 - observations[0].minute
    if span < 1440 * (settings.detector.warmup_days + 4):
        raise UsageError(
            f"{feed} covers {span / 1440:.1f} days; calibration needs four days beyond the "
            f"{settings.detector.warmup_days:g} of warm-up (detector.warmup_days)"
        )
    negative = dict.fromkeys(keys, 0)
    for each in observations:
        for count in each.counts:
            negative[count.key] += count.negative
    return observations, keys, [key for key in keys if negative[key] * 60 >= span]


def _starts(
    observations: Sequence[Observation], keys: list[str], trials: int, warmup_days: float, seed: int
) -> dict[int, list[str]]:
    """Keys by minute: so many trials, over the keys in turn, at random minutes after the warm-up."""
    import numpy as np

    first = observations[0].minute + int((warmup_days + 1) * 1440)
    random = np.random.default_rng(seed)
    starts: dict[int, list[str]] = {}
    for number in range(trials if keys else 0):
        minute = int(random.integers(first, observations[-1].minute - 120))
        starts.setdefault(minute, []).append(keys[number % len(keys)])
    return starts


def _excluded(days: Sequence[str]) -> Callable[[int], bool]:
    from datetime import UTC, date, datetime

    from pipeline.errors import UsageError

    try:
        left_out = {date.fromisoformat(day) for day in days}
    except ValueError as error:
        raise UsageError(f"--exclude: {error}; give days such as 2013-04-15") from error
    return lambda minute: datetime.fromtimestamp(minute * 60, UTC).date() in left_out


def register(_: typer.Typer) -> None:
    """Add the command to `tocsin alerts`."""
    from pipeline.cli.alerts import alerts

    alerts.command()(calibrate)
