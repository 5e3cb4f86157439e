"""The topic board."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from alerts.events import AlertEvent
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
) -> Json:
    """The board as it is shown: firing topics first, the gravest on top, what they cover, then by surprise.

    `muted` says of keys until when they are; `asked` is the moment that somebody went back to.
    """
    firing = [line for line in board.lines if line.firing is not None]
    covering = {key: line for line in firing for key in (line.firing.covers if line.firing else ())}
    lines = sorted(board.lines, key=lambda line: _rank(line, line.key in covering))
    learning = is_learning(board.lines, board.at, warmup_days)
    return {
        "at": iso(board.at),
        "as_of": f"{asked:%Y-%m-%dT%H:%M}" if asked else "",
        "lead": _lead(firing, lines, say) if lines else "",
        "rows": [
            {
                **line_view(line, say, learning, muted.get(line.key, "")),
                "covered": alert_mark(covering[line.key].firing) if line.key in covering else None,
            }
            for line in lines
        ],
        "empty": None if lines else [_hint(say, name) for name in COMMANDS],
    }


def line_view(line: BoardLine, say: Say, learning: bool = False, muted: str = "") -> Json:
    """One row of the board."""
    label = say.topic(line.key)
    return {
        "key": line.key,
        "label": label,
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


def _rank(line: BoardLine, covered: bool) -> tuple[object, ...]:
    alert = line.firing
    if alert is not None:
        return (0, -_SEVERITY.get(alert.severity, 0), -alert.surprise, line.key)
    return (1 if covered else 2, line.key != "overall", -line.surprise, -line.day.documents, line.key)


def _lead(firing: list[BoardLine], lines: list[BoardLine], say: Say) -> str:
    documents = next((line.hour.documents for line in lines if line.key == "overall"), 0)
    rings = say("firing_lead", n=len(firing)) if firing else say("calm_lead")
    return say("board_lead", rings=rings, topics=len(lines), documents=f"{documents:,}")


def _hint(say: Say, name: str) -> Json:
    return {"command": say(f"run_{name}"), "text": say(f"run_{name}_text")}
