"""How values are told: sentences in the reader's language, moments, headlines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from alerts.keys import watchlist_of
from alerts.titles import UNTITLED, Watchlists
from dashboards.console.words import topic_name, words
from dashboards.text import printable

Json = dict[str, Any]
"""A view, or a part of one, as it goes to the browser."""


class Say:
    """The words of one language, `say("firing_n", n=3)`, and what topics and watchlists are called in it."""

    def __init__(self, lang: str, watchlists: Watchlists = UNTITLED) -> None:
        self.lang = lang
        self._watchlists = watchlists
        self._words = words(lang)

    def __call__(self, name: str, /, **values: object) -> str:
        """The sentence of that name; where `n` is 1 and the language has one, that for a single thing."""
        if values.get("n") == 1 and f"{name}_1" in self._words:
            name = f"{name}_1"
        return self._words[name].format(**values)

    def topic(self, key: str) -> str:
        """What a key is called."""
        return printable(topic_name(self.lang, key, self._watchlists), 80)

    def named(self, key: str) -> Json:
        """A key, what it is called, and whether it gets a watchlist's star; see parts/name.js."""
        return {"key": key, "label": self.topic(key), "watchlist": watchlist_of(key) is not None}

    def known(self, name: str, otherwise: str) -> str:
        """The word of that name, else `otherwise` made fit to show."""
        return self._words.get(name) or printable(otherwise)


def iso(moment: datetime | None) -> str | None:
    """A moment as the browser gets it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def short(moment: datetime) -> str:
    """A moment as people read it: the minute, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def milliseconds(moment: datetime) -> int:
    """A moment as charts count time."""
    return int(moment.timestamp() * 1000)


def duration(say: Say, minutes: int) -> str:
    """So many minutes, from two hours on in hours where they are whole."""
    if minutes >= 120 and minutes % 60 == 0:
        return say("hours_n", n=minutes // 60)
    return say("minutes_n", n=minutes)


def lasted(say: Say, started: datetime, resolved: datetime | None) -> str:
    """Since when an alert rings and, once it is over, until when."""
    if resolved is None:
        return say("since", at=short(started))
    until = f"{resolved:%H:%M}" if started.date() == resolved.date() else short(resolved)
    return say("from_until", start=short(started), end=until)
