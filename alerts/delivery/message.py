"""What a notification says: alerts in, lines of spans out; `render` puts them into a channel's markup."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from alerts.delivery.words import Language, say, topic_name
from alerts.events import AlertEvent, Evidence, Severity
from alerts.keys import watchlist_of
from alerts.routes import SEVERITIES
from alerts.titles import UNTITLED, Watchlists

_IN_FULL = 3
"""Alerts of a message that are told in full; the others get a line each."""
_TITLE = 200
_TOPICS_NAMED = 4


class Span(Struct, frozen=True):
    """A piece of text of one kind. The text may be hostile: whoever renders it makes it inert."""

    text: str
    bold: bool = False
    code: bool = False
    href: str = ""
    """Where it leads, as published; only a plain http(s) address becomes a link."""


class Line(Struct, frozen=True):
    """One line of a message; lines go from the end when a channel has no room."""

    spans: tuple[Span, ...]
    kind: Literal["head", "line", "item"] = "line"


class Message(Struct, frozen=True, kw_only=True):
    """A notification, ready to be put into a channel's markup."""

    title: str
    severity: Severity
    """The highest of its alerts."""
    over: bool
    """Whether all of its alerts have ended."""
    lines: tuple[Line, ...]
    more: str
    """What to say where lines had to go."""


def compose(
    events: Sequence[AlertEvent],
    language: Language = "en",
    zone: str = "UTC",
    *,
    watchlists: Watchlists = UNTITLED,
    test: bool = False,
) -> Message:
    """The message about `events` (each alert once, as it stands), the gravest first; times in `zone`.

    Watchlists are called by the titles that `watchlists` has for them.
    """
    ordered = sorted(events, key=lambda event: (event.state == "resolved", -SEVERITIES.index(event.severity)))
    speak = Speaker(language, zone, watchlists)
    lines: list[Line] = []
    for event in ordered[:_IN_FULL]:
        if len(ordered) > 1:
            lines.append(Line((Span(speak.title(event), bold=True),), "head"))
        lines += speak.alert(event)
    for event in ordered[_IN_FULL:]:
        lines.append(Line((Span(speak.title(event)), Span(f" ({event.id})")), "item"))
    return Message(
        title=(say(language, "test") if test else "") + speak.subject(ordered),
        severity=ordered[0].severity,
        over=all(event.state == "resolved" for event in events),
        lines=tuple(lines),
        more=say(language, "cut", command=_show(ordered)),
    )


class Speaker(Struct, frozen=True):
    """Says things of an alert in one language and time zone."""

    language: Language
    zone: str
    watchlists: Watchlists = UNTITLED

    def subject(self, events: Sequence[AlertEvent]) -> str:
        """Title of a message about `events`."""
        run = events[0].run
        prefix = "" if run == "live" else say(self.language, "replay", run=run)
        if len(events) == 1:
            return prefix + self.title(events[0])
        names = list(dict.fromkeys(self._name(event.key) for event in events))
        topics = ", ".join(names[:_TOPICS_NAMED])
        if len(names) > _TOPICS_NAMED:
            topics = say(self.language, "more_topics", topics=topics, more=len(names) - _TOPICS_NAMED)
        return prefix + say(self.language, "several", count=len(events), topics=topics)

    def title(self, event: AlertEvent) -> str:
        """One alert in one line."""
        silent = event.kind == "feed_silence"
        phrase = {
            (False, False): "surge",
            (False, True): "over",
            (True, False): "silence",
            (True, True): "heard",
        }[silent, event.state == "resolved"]
        return say(
            self.language,
            phrase,
            severity=say(self.language, event.severity),
            topic=self._name(event.key),
            observed=event.observed,
            expected=_count(event.expected),
            since=self.time(event.started_at),
            until=self.time(event.resolved_at) if event.resolved_at else "",
        )

    def alert(self, event: AlertEvent) -> Iterator[Line]:
        """All that is said of one alert."""
        yield self._line(self._state(event))
        if event.kind == "feed_silence":
            yield self._line(
                self._say(
                    "silence_why",
                    minutes=event.window_minutes,
                    expected=_count(event.expected),
                    since=self.time(event.started_at),
                )
            )
        else:
            yield from self._figures(event)
        changed = self._changed(event)
        if changed:
            yield self._line(changed)
        if event.provisional and event.state == "firing":
            yield self._line(self._say("provisional"))
        if event.evidence:
            yield self._line(self._say("evidence"), bold=True)
            yield from (self._story(story) for story in event.evidence)
        if event.budget_per_week:
            yield self._line(self._budget(event))
        yield from self._commands(event)

    def _figures(self, event: AlertEvent) -> Iterator[Line]:
        interval = ""
        if event.expected_high > 0:
            low, high = _count(event.expected_low), _count(event.expected_high)
            interval = self._say("interval", low=low, high=high)
        counts = self._say(
            "counts",
            observed=event.observed,
            minutes=event.window_minutes,
            expected=_count(event.expected),
            interval=interval,
        )
        share = self._say("share", share=f"{event.observed_share:.0%}", usual=f"{event.expected_share:.0%}")
        yield self._line(counts + share, bold=True)
        yield self._line(
            self._say("surprise", surprise=f"{event.surprise:.1f}", threshold=f"{event.threshold:.1f}")
        )
        parts = event.parts
        if event.cause:
            known = event.cause in ("more_news", "worse_news", "more_and_worse_news", "other_mix")
            yield self._line(self._say("cause", cause=self._say(event.cause) if known else event.cause))
        if parts.worse_tone or parts.more_news or parts.mix:
            figures = {"tone": parts.worse_tone, "news": parts.more_news, "mix": parts.mix}
            yield self._line(self._say("parts", **{name: f"{part:+.1f}" for name, part in figures.items()}))
        if event.documents > event.observed:
            yield self._line(self._say("copies", documents=event.documents, observed=event.observed))
        if event.capped:
            yield self._line(self._say("capped", capped=event.capped))
        if event.covers:
            yield self._line(self._say("covers", topics=", ".join(map(self._name, event.covers))))

    def _state(self, event: AlertEvent) -> str:
        said = {"since": self.time(event.started_at), "severity": self._say(event.severity)}
        if event.resolved_at is None:
            return self._say("firing", **said)
        return self._say("resolved", until=self.time(event.resolved_at), **said)

    def _name(self, key: str) -> str:
        return topic_name(self.language, key, self.watchlists)

    def _changed(self, event: AlertEvent) -> str:
        """What is new since the last event; the detector's own sentence is English."""
        if event.changed and self.language == "en":
            return self._say("changed", changed=event.changed)
        if event.reason in ("escalated", "updated", "confirmed"):
            return self._say(event.reason, severity=self._say(event.severity))
        return ""

    def _story(self, story: Evidence) -> Line:
        notes = [story.source]
        if story.author and story.author != story.source:
            notes.append(story.author)
        if story.copies > 1:
            notes.append(self._say("told", copies=story.copies))
        if story.contribution:
            notes.append(self._say("weight", weight=f"{story.contribution:.2f}"))
        return Line(
            (
                Span(f"{self.time(story.published_at)} {story.score:+.2f} "),
                Span(story.title[:_TITLE], href=story.url),
                Span(f" ({'; '.join(note[:60] for note in notes)})"),
            ),
            "item",
        )

    def _budget(self, event: AlertEvent) -> str:
        realised = ""
        if event.realised_per_week is not None:
            realised = self._say("realised", realised=f"{event.realised_per_week:.2f}")
        phrase = "budget" if watchlist_of(event.key) is None else "budget_watchlist"
        return self._say(phrase, budget=f"{event.budget_per_week:g}", realised=realised)

    def _commands(self, event: AlertEvent) -> Iterator[Line]:
        run = f"--run {shlex.quote(event.run)}"
        if event.state == "firing":
            yield self._command("seen", f"tocsin alerts ack {event.id} {run}")
        yield self._command("mute", f"tocsin alerts mute {shlex.quote(event.key)} --until 2h {run}")
        yield self._command("judge", f"tocsin alerts verdict {event.id} useful {run}")

    def _command(self, phrase: str, command: str) -> Line:
        before, _, after = self._say(phrase, command="\0").partition("\0")
        return Line((Span(before), Span(command, code=True), Span(after)))

    def _line(self, text: str, bold: bool = False) -> Line:
        return Line((Span(text, bold=bold),))

    def _say(self, phrase: str, **values: object) -> str:
        return say(self.language, phrase, **values)

    def time(self, moment: datetime) -> str:
        """A moment in the reader's zone, to the minute."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M %Z}"


def _count(expected: float) -> str:
    return f"{expected:.1f}" if expected < 100 else f"{expected:,.0f}"


def _show(events: Sequence[AlertEvent]) -> str:
    if len(events) == 1:
        return f"tocsin alerts show {events[0].id}"
    return f"tocsin alerts list --run {shlex.quote(events[0].run)}"
