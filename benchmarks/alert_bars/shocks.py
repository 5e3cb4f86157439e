"""Known shocks must ring, calm weeks must not: real news at a budget of one false alarm a week and topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from alerts import OVERALL, AlertEvent
from benchmarks.alert_bars.bar import Bar, at_most
from benchmarks.alert_streams import Stream, read_stream, ring
from pipeline.settings import Settings

BUDGET = 1.0
"""False alarms a week and topic."""
_WITHIN = timedelta(minutes=60)


class Shock(NamedTuple):
    """An event and its first wave: the fifth headline about it within an hour, by its words, not its tone."""

    stream: str
    name: str
    wave: str
    exact: bool = True
    """Whether the stream's stamps can tell 60 minutes."""


SHOCKS = (
    Shock("reuters_2008_lehman", "Lehman talks fail", "2008-09-14T22:54"),
    Shock("reuters_2008_lehman", "AIG", "2008-09-15T14:22"),
    Shock("reuters_2008_lehman", "Washington Mutual", "2008-09-25T23:45"),
    Shock("reuters_2008_lehman", "TARP voted down", "2008-09-29T17:45"),
    Shock("reuters_2010_flash_crash", "flash crash", "2010-05-06T18:32"),
    Shock("reuters_2015_china_vw", "China, Black Monday", "2015-08-24T02:02"),
    Shock("reuters_2015_china_vw", "Volkswagen", "2015-09-21T07:18"),
    Shock("headlines_2017_2020", "Covid", "2020-02-24T00:00", exact=False),
    Shock("cryptonews_2021_2022", "Terra", "2022-05-09T07:00", exact=False),
)


class Calm(NamedTuple):
    """A span without a market-wide shock."""

    stream: str
    name: str
    start: date
    end: date
    """First day that is out again."""
    without: tuple[date, ...] = ()


# The weeks of 2010 that there are lie within the euro crisis: none of them is calm.
CALM = (
    Calm("reuters_2008_lehman", "before Lehman", date(2008, 8, 29), date(2008, 9, 13)),
    Calm(
        "reuters_2013_april_control",
        "April 2013",
        date(2013, 4, 4),
        date(2013, 5, 1),
        (date(2013, 4, 15), date(2013, 4, 16)),
    ),
    Calm("reuters_2015_china_vw", "before China", date(2015, 8, 13), date(2015, 8, 20)),
)


def measure(data: Path, settings: Settings, trials: int, progress: Console) -> list[Bar]:
    """Each shock of the streams that are there, and the alarms of their calm weeks."""
    detector = settings.detector.model_copy(update={"budget_per_week": BUDGET})
    bars: list[Bar] = []
    spent: list[tuple[Calm, list[AlertEvent], Stream]] = []
    for name in dict.fromkeys(shock.stream for shock in (*SHOCKS, *CALM)):  # type: ignore[misc]
        path = data / "streams" / f"{name}.csv.gz"
        if not path.exists():
            bars.append(Bar(f"stream {name}", "not there"))
            continue
        stream = read_stream(path, settings)
        progress.print(f"  {name}: {stream.documents:,} documents by {stream.model}", style="dim")
        fired = [event for event in ring(stream, detector) if event.reason == "fired"]
        bars += [_shock(shock, fired) for shock in SHOCKS if shock.stream == name]
        spent += [(calm, _within(calm, fired), stream) for calm in CALM if calm.stream == name]
    for calm, alarms, stream in spent:
        bars.append(_calm(calm.name, [(calm, alarms)], stream.keys))
    if spent:
        bars.append(_calm("all calm weeks", [(calm, alarms) for calm, alarms, _ in spent], spent[0][2].keys))
    return bars


def _shock(shock: Shock, fired: Sequence[AlertEvent]) -> Bar:
    wave = datetime.fromisoformat(shock.wave).replace(tzinfo=UTC)
    near = [event for event in fired if abs(event.detected_at - wave) <= _WITHIN]
    if not shock.exact:
        day = [event for event in fired if event.detected_at.date() == wave.date()]
        note = "its stamps are days or hours apart: 60 minutes cannot be told"
        return Bar(
            f"{shock.name}, {wave:%Y-%m-%d}", _rang(day[:1], wave) or "no alarm that day", "", None, note
        )
    shown = _rang(near[:1], wave)
    if shown is None:
        after = [event for event in fired if event.detected_at > wave]
        shown = f"no; next {_rang(after[:1], wave)}" if after else "no"
    return Bar(f"{shock.name}, {wave:%Y-%m-%d %H:%M}", shown, "within 60 min", bool(near))


def _rang(events: Sequence[AlertEvent], wave: datetime) -> str | None:
    return next(
        (f"{e.key} at {e.detected_at:%m-%d %H:%M} ({_minutes(e.detected_at - wave)})" for e in events), None
    )


def _minutes(late: timedelta) -> str:
    minutes = round(late.total_seconds() / 60)
    return f"{minutes:+d} min" if abs(minutes) < 600 else f"{minutes / 60:+.0f} h"


def _days(calm: Calm) -> float:
    return (calm.end - calm.start).days - len(calm.without)


def _within(calm: Calm, fired: Sequence[AlertEvent]) -> list[AlertEvent]:
    return [
        event
        for event in fired
        if calm.start <= event.detected_at.date() < calm.end and event.detected_at.date() not in calm.without
    ]


def _calm(name: str, spans: Sequence[tuple[Calm, list[AlertEvent]]], keys: Sequence[str]) -> Bar:
    weeks = sum(_days(calm) for calm, _ in spans) / 7
    by_key = Counter(event.key for _, alarms in spans for event in alarms)
    worst, most = by_key.most_common(1)[0] if by_key else ("none", 0)
    total = sum(by_key.values())
    return at_most(
        f"false alarms a week, {name}: the worst topic",
        most / weeks,
        1.5,
        f"{worst}; {total} alarms in {weeks:.1f} weeks: {total / weeks:.2f} a week over {len(keys)} keys, "
        f"{by_key[OVERALL] / weeks:.2f} of them overall",
    )
