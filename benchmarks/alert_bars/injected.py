"""Surges put into calm news: what is found, how soon, and beside it what nobody could better."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from alerts import Count, Observation
from alerts.tradeoff import found
from alerts.trials import Limit, Outcome, Past, Surge, oracle, run_trials
from benchmarks.alert_bars.bar import Bar, at_least, at_most
from benchmarks.alert_streams import Stream, read_stream
from pipeline.settings import Settings
from tests.alerts.streams import MONDAY

SURGES = (Surge(2, 60), Surge(3, 60), Surge(5, 60), Surge(5, 15))
ASKED = Surge(3, 60)
BUDGET = 1.0
RATES = (1.0, 3.0, 10.0, 20.0, 50.0, 100.0)
_DAYS = 28
BANDS = ((0.25, 1.0), (1.0, 3.0), (3.0, 10.0), (10.0, 30.0), (30.0, 1000.0))
"""Negative stories an hour that are normal when the surge begins."""
_STREAM = "reuters_2013_april_control"
_SHOCK_DAYS = (12, 15, 16, 17)


def measure(data: Path, settings: Settings, trials: int, progress: Console) -> list[Bar]:
    """Found and delay by base rate at one false alarm a week and key, beside the limit; then real news."""
    detector = settings.detector.model_copy(update={"budget_per_week": BUDGET})
    calm, keys = _independent()
    drawn = _drawn(calm, keys, trials, detector.warmup_days)
    past, outcomes = run_trials(detector, keys, calm, SURGES, drawn)
    progress.print(f"  {len(outcomes):,} surges put into independent stories", style="dim")
    bars = [Bar("injected surges", f"{len(outcomes):,}", "≥ 500", len(outcomes) >= 500)]
    levels = {key: _level(past, key) for key in keys}
    bars += _asked(outcomes, keys, levels, detector.windows)
    for key, rate in zip(keys, RATES, strict=True):
        for surge in SURGES:
            some = [each for each in outcomes if each.key == key and each.surge == surge]
            bars.append(_by_rate(some, surge, rate, levels, detector.windows))
    bars.append(_roc("independent stories", past, outcomes, keys))
    stream = read_stream(data / "streams" / f"{_STREAM}.csv.gz", settings)
    starts = _starts(stream, trials, detector.warmup_days)
    past, outcomes = run_trials(detector, stream.keys, stream.observations, SURGES, starts)
    progress.print(f"  {len(outcomes):,} surges put into April 2013", style="dim")
    levels = {key: _level(past, key) for key in stream.keys}
    for low, high in BANDS:
        within = [outcome for outcome in outcomes if low <= outcome.rate < high]
        for surge in SURGES:
            some = [outcome for outcome in within if outcome.surge == surge]
            if some:
                bars.append(_real(some, surge, f"{low:g} to {high:g}", levels, detector.windows))
    bars.append(_roc("April 2013", past, outcomes, stream.keys))
    return bars


def _independent() -> tuple[list[Observation], tuple[str, ...]]:
    """Four weeks of stories that know nothing of each other, a key a base rate, a third of them negative."""
    keys = tuple(f"{rate:g} an hour" for rate in RATES)
    random = np.random.default_rng(11)
    hourly = np.array(RATES)
    negative = random.poisson(hourly / 60, (_DAYS * 1440, hourly.size))
    stories = negative + random.poisson(2 * hourly / 60, negative.shape)
    return [
        Observation(
            minute=MONDAY + minute,
            counts=tuple(
                Count(key=key, stories=all_of_it, negative=bad)
                for key, all_of_it, bad in zip(keys, row.tolist(), dark.tolist(), strict=True)
                if all_of_it
            ),
        )
        for minute, (row, dark) in enumerate(zip(stories, negative, strict=True))
    ], keys


def _drawn(
    calm: Sequence[Observation], keys: Sequence[str], trials: int, warmup_days: float
) -> dict[int, list[str]]:
    random = np.random.default_rng(7)
    first = calm[0].minute + int((warmup_days + 7) * 1440)
    count = max(trials // (len(keys) * len(SURGES)) + 1, 1)
    return {int(at): list(keys) for at in random.integers(first, calm[-1].minute - 400, count)}


def _level(past: Past, key: str) -> float:
    """The surprise that this key's calm history exceeded once a week."""
    heights = sorted((height for _, height in past.peaks.get(key, ())), reverse=True)
    allowed = int(BUDGET * past.weeks)
    return (heights[allowed] if allowed < len(heights) else 1.0) + 0.001


def _measured(some: Sequence[Outcome], levels: dict[str, float]) -> tuple[float, float]:
    """Share found at each key's level, and the median delay of those, infinite where none was."""
    delays = [outcome.delay(levels[outcome.key]) for outcome in some]
    reached = [delay for delay in delays if delay is not None]
    return len(reached) / max(len(delays), 1), float(np.median(reached)) if reached else float("inf")


def _limit(rate: float, surge: Surge, windows: Sequence[int]) -> tuple[Limit, str]:
    limit = oracle(rate, surge, BUDGET, windows, weeks=20, trials=300)
    after = "" if limit.delay is None else f" after {limit.delay:.0f} min"
    return limit, f"limit {limit.found:.0%}{after}"


def _by_rate(
    some: Sequence[Outcome], surge: Surge, rate: float, levels: dict[str, float], windows: Sequence[int]
) -> Bar:
    share, delay = _measured(some, levels)
    _, told = _limit(rate, surge, windows)
    rang = found(some, surge)
    shown = f"{share:.0%}" + (f" after {delay:.0f} min" if share else "")
    note = f"{len(some)} trials, rang by its own budget {rang.share:.0%}; {told}"
    return Bar(
        f"  {surge.factor:g}x for {surge.minutes} min at {rate:g} negative stories/h", shown, note=note
    )


def _asked(
    outcomes: Sequence[Outcome], keys: Sequence[str], levels: dict[str, float], windows: Sequence[int]
) -> list[Bar]:
    """The bars: busy keys together, and quiet ones together against what their limits allow."""
    rates = dict(zip(keys, RATES, strict=True))
    asked = [outcome for outcome in outcomes if outcome.surge == ASKED]
    busy = [outcome for outcome in asked if rates[outcome.key] >= 10.0]
    quiet = [outcome for outcome in asked if rates[outcome.key] < 10.0]
    share, delay = _measured(busy, levels)
    limits = {key: _limit(rate, ASKED, windows) for key, rate in rates.items()}
    told = ", ".join(f"{rates[key]:g}/h {limits[key][1]}" for key in keys if rates[key] >= 10.0)
    allowed = sum(limits[outcome.key][0].found for outcome in quiet) / max(len(quiet), 1)
    reached, _ = _measured(quiet, levels)
    name = "3x for 60 min at 1 false alarm a week and key"
    return [
        at_least(f"{name}, 10 negative stories/h and more: found", share, 0.9, f"{len(busy)} trials"),
        at_most(f"{name}, the same: median delay, min", delay, 15, told, ".0f"),
        at_least(
            f"{name}, quieter keys: found, of the limit",
            reached / max(allowed, 1e-9),
            0.8,
            f"{len(quiet)} trials: {reached:.0%} of {allowed:.0%}",
        ),
    ]


def _real(
    some: Sequence[Outcome], surge: Surge, band: str, levels: dict[str, float], windows: Sequence[int]
) -> Bar:
    share, delay = _measured(some, levels)
    rate = float(np.exp(np.mean(np.log([outcome.rate for outcome in some]))))
    _, told = _limit(rate, surge, windows)
    shown = f"{share:.0%}" + (f" after {delay:.0f} min" if share else "")
    note = f"{len(some)} trials at {rate:.1f}/h; {told}, were its stories independent"
    return Bar(f"  April 2013, {surge.factor:g}x for {surge.minutes} min at {band}/h", shown, note=note)


def _roc(name: str, past: Past, outcomes: Sequence[Outcome], keys: Sequence[str]) -> Bar:
    asked = [outcome for outcome in outcomes if outcome.surge == ASKED]
    points = []
    for level in (1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0):
        false = sum(past.false_per_week(key, level, lambda _: False) for key in keys) / len(keys)
        reached = sum(outcome.delay(level) is not None for outcome in asked) / max(len(asked), 1)
        points.append(f"{false:.2f}: {reached:.0%}")
    return Bar(f"ROC, {name}, 3x for 60 min: false alarms a week and key: found", "  ".join(points))


def _starts(stream: Stream, trials: int, warmup_days: float) -> dict[int, list[str]]:
    """Keys by minute, so many that every surge put into each makes half the trials asked for."""
    negative: dict[str, int] = defaultdict(int)
    for observation in stream.observations:
        for count in observation.counts:
            negative[count.key] += count.negative
    first, last = stream.observations[0].minute, stream.observations[-1].minute
    hours = (last - first) / 60
    busy = sorted(
        (key for key in stream.keys if negative[key] >= 0.3 * hours), key=lambda key: -negative[key]
    )
    random = np.random.default_rng(5)
    starts: dict[int, list[str]] = {}
    number = 0
    while number < max(trials // 8, 1):
        minute = int(random.integers(first + int((warmup_days + 2) * 1440), last - 400))
        if _day(minute) in _SHOCK_DAYS:
            continue
        # Every second surge is put into all the news, which alone has ten negative stories an hour and more.
        key = busy[0] if number % 2 == 0 else busy[1 + number // 2 % (len(busy) - 1)]
        starts.setdefault(minute, []).append(key)
        number += 1
    return starts


def _day(minute: int) -> int:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(60 * minute, UTC).day
