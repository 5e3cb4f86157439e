"""The topic board."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from alerts.events import AlertEvent
from alerts.keys import OVERALL, is_topic, watchlist_key, watchlist_of
from dashboards.console.views.say import Json, Say, iso
from dashboards.query import BoardLine, BoardView

_SEVERITY = {"watch": 0, "warning": 1, "critical": 2}
_CALM = 1.0
"""Surprise below which a topic is called calm: an hour like this comes once in ten."""
COMMANDS = ("demo", "replay", "worker")
"""What an empty store is told to run."""


def board_view(
    board: BoardView,
    say: Say,
    *,
    warmup_days: float,
    muted: Mapping[str, str],
    asked: datetime | None = None,
    followed: Iterable[str] = (),
) -> Json:
    """The board as it is shown: firing topics first, the gravest on top, what they cover, then by surprise.

    `muted` says of keys until when they are; `asked` is the moment that somebody went back to; `followed` are
    the watchlists that ought to be there, by name.
    """
    firing = [line for line in board.lines if line.firing is not None]
    covering = {key: line for line in firing for key in (line.firing.covers if line.firing else ())}
    lines = sorted(board.lines, key=lambda line: _rank(line, line.key in covering))
    shown = {line.key for line in lines}
    quiet = [key for key in map(watchlist_key, sorted(followed)) if key not in shown]
    young = is_learning(board.lines, board.at, warmup_days)
    return {
        "at": iso(board.at),
        "as_of": f"{asked:%Y-%m-%dT%H:%M}" if asked else "",
        "lead": _lead(firing, lines, say) if lines else "",
        "rows": [
            {
                **line_view(
                    line, say, young or _is_new(line, board.at, warmup_days), muted.get(line.key, "")
                ),
                "covered": alert_mark(covering[line.key].firing) if line.key in covering else None,
            }
            for line in lines
        ],
        "shows": _shows(lines, say) if quiet or any(map(_is_watchlist, shown)) else [],
        "quiet": [say.named(key) for key in quiet] if lines else [],
        "empty": None if lines else [_hint(say, name) for name in COMMANDS],
    }


def line_view(line: BoardLine, say: Say, learning: bool = False, muted: str = "") -> Json:
    """One row of the board."""
    label = say.topic(line.key)
    return {
        **say.named(line.key),
        "documents": line.hour.documents,
        "mean": line.hour.mean,
        "share": line.hour.negative_share,
        "change": round(line.change, 3) if line.hour.documents else None,
        "day": line.day.documents,
        "spark": line.spark,
        "all": line.documents_by_hour,
        "spark_label": say("spark_says", topic=label, most=max(line.spark, default=0), now=line.spark[-1]),
        "surprise": line.surprise if line.surprise >= _CALM else None,
        "learning": learning,
        "muted": muted,
        "alert": alert_mark(line.firing),
    }


def alert_mark(alert: AlertEvent | None) -> Json | None:
    """As much of an alert as a badge shows."""
    if alert is None:
        return None
    return {"id": alert.id, "severity": alert.severity, "surprise": alert.surprise}


def is_learning(lines: tuple[BoardLine, ...], at: datetime | None, warmup_days: float) -> bool:
    """Whether the run is too young for its detector to ring."""
    begun = [line.first_minute for line in lines if line.first_minute is not None]
    return at is not None and bool(begun) and at - min(begun) < timedelta(days=warmup_days)


def _is_new(line: BoardLine, at: datetime | None, warmup_days: float) -> bool:
    """Whether a watchlist is too young for the detector to know it; topics are as old as their run."""
    return _is_watchlist(line.key) and is_learning((line,), at, warmup_days)


def _is_watchlist(key: str) -> bool:
    return watchlist_of(key) is not None


def _shows(lines: Sequence[BoardLine], say: Say) -> list[Json]:
    """What of the board may be shown, and how many keys each has."""
    lists = sum(_is_watchlist(line.key) for line in lines)
    counts = {"all": len(lines), "topics": len(lines) - lists, "watchlists": lists}
    return [{"name": name, "label": say(f"board_{name}"), "count": count} for name, count in counts.items()]


def _rank(line: BoardLine, covered: bool) -> tuple[object, ...]:
    alert = line.firing
    if alert is not None:
        return (0, -_SEVERITY.get(alert.severity, 0), -alert.surprise, line.key)
    return (1 if covered else 2, line.key != OVERALL, -line.surprise, -line.day.documents, line.key)


def _lead(firing: list[BoardLine], lines: list[BoardLine], say: Say) -> str:
    documents = next((line.hour.documents for line in lines if line.key == OVERALL), 0)
    rings = say("firing_lead", n=len(firing)) if firing else say("calm_lead")
    topics, lists = (sum(map(of, (line.key for line in lines))) for of in (is_topic, _is_watchlist))
    what = [say("topics_n", n=topics), *([say("watchlists_n", n=lists)] if lists else [])]
    return say("board_lead", rings=rings, what=say("comma").join(what), documents=f"{documents:,}")


def _hint(say: Say, name: str) -> Json:
    return {"command": say(f"run_{name}"), "text": say(f"run_{name}_text")}
