"""The replay desk's page."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Literal

from dashboards.console.desk.knobs import Wrong, positions, turned
from dashboards.console.desk.messages import Command, Do, Moment, Order
from dashboards.console.desk.player import SPEEDS
from dashboards.console.desk.runs import Desks, Feed, Replay
from dashboards.console.desk.view import desk_view
from dashboards.console.pages.page import Args, Asked, Done, text
from dashboards.console.views.say import Json, Say
from pipeline.errors import UsageError

_COMMANDS: dict[str, Do] = {"play": "play", "pause": "pause", "jump": "jump"}


class DeskPage:
    """A desk with at most one replay; the replay ends with the page."""

    name = "Desk"

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._replay: Replay | None = None
        self._form: Json | None = None
        self._knobs: list[dict[str, float]] = []

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""
        feeds = self._desks.feeds(asked.store)
        if self._form is None:
            knobs = positions(asked.settings.detector)
            first = next((f"{feed.first}" for feed in feeds if feed.id == "demo"), "")
            self._form = {
                "feed": "demo",
                "from": first,
                "to": "",
                "compare": False,
                "a": knobs,
                "b": dict(knobs),
            }
        moment = self._replay.moment if self._replay is not None else Moment()
        return desk_view(moment, feeds, self._form, self._knobs, asked.say)

    def pulse(self) -> object:
        """What changes whenever the replay has moved."""
        return (id(self._replay), self._replay.number) if self._replay is not None else None

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Load a feed, or play, pause, jump, change the speed."""
        if name == "open":
            self._open(args.get("form"), asked)
            return Done(asked.say("desk_reading"))
        if self._replay is None:
            return Done()
        if name in _COMMANDS:
            self._replay.command(Command(do=_COMMANDS[name]))
        elif name == "speed":
            speeds = {"max" if speed == math.inf else f"{speed:g}": speed for speed in SPEEDS}
            speed = speeds.get(text(args, "speed", 16))
            if speed is not None:
                self._replay.command(Command(do="speed", speed=None if speed == math.inf else speed))
        else:
            return None
        return Done()

    def close(self) -> None:
        """End the replay."""
        if self._replay is not None:
            self._replay.close()
            self._replay = None

    def _open(self, form: Any, asked: Asked) -> None:
        if not isinstance(form, dict):
            return
        order = _order(form, self._desks.feeds(asked.store), asked)
        self.close()
        self._replay = self._desks.start(order)
        if self._replay is None:
            raise UsageError(asked.say("desk_full"))
        self._knobs = list(order.sides)


def _order(form: dict[str, Any], feeds: list[Feed], asked: Asked) -> Order:
    """What somebody asked for; raises UsageError in the reader's language where that cannot be."""
    say = asked.say
    feed = next((each for each in feeds if each.id == form.get("feed")), None)
    if feed is None:
        raise UsageError(say("feed_unknown"))
    start, end = _day(form.get("from")), _day(form.get("to"))
    if start and end and start >= end:
        raise UsageError(say("dates_wrong"))
    names: tuple[Literal["a", "b"], ...] = ("a", "b") if form.get("compare") is True else ("a",)
    sides = tuple(_side(form.get(name), asked, say) for name in names)
    kind: Literal["file", "run"] = "run" if feed.kind == "run" else "file"
    return Order(kind=kind, name=feed.name, start=start, end=end, sides=sides)


def _side(values: Any, asked: Asked, say: Say) -> dict[str, float]:
    try:
        return positions(turned(asked.settings.detector, values if isinstance(values, dict) else {}))
    except Wrong as wrong:
        raise UsageError(say("setting_wrong", name=say(f"knob_{wrong.args[0]}"))) from None


def _day(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC) if value else None
    except (TypeError, ValueError):
        return None
