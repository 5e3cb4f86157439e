"""A report in plain words, ready for HTML or Markdown: every text is plain, to be escaped there."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from alerts.events import AlertEvent
from alerts.journal import DETECTOR
from dashboards.report.normal import LEAST_DAYS
from dashboards.report.summary import summary
from dashboards.report.values import Figure, Name, Report, Sentence, Told, Topic
from dashboards.report.words import Words, change, moment, number, percent
from dashboards.text import printable
from pipeline.store.journal import JournalEntry

Row = tuple[str, ...]
_HEADINGS = (
    *("summary", "figures", "charts", "timeline", "stories", "names"),
    *("topics", "watchlists", "alarm", "about"),
)
_MOST_JOURNAL = 30
_STRANGE = frozenset(" \"'<>\\^`{|}()[]*_")
"""Characters that Markdown or HTML could read as more than a part of an address."""


class Line(Struct, frozen=True, kw_only=True):
    """One line of the timeline."""

    at: str
    text: str
    anchor: str
    """`S1` of a story, empty of an alarm."""
    severity: str
    """Of an alarm, empty of a story."""


class Quote(Struct, frozen=True, kw_only=True):
    """One main story as it is shown."""

    anchor: str
    title: str
    url: str
    """http or https and nothing strange in it; else empty."""
    site: str
    told: str
    cited: bool


class Grid(Struct, frozen=True, kw_only=True):
    """A table."""

    title: str
    head: Row
    rows: tuple[Row, ...]
    note: str = ""


class Telling(Struct, frozen=True, kw_only=True):
    """Everything a page shows, in its order."""

    lang: str
    title: str
    subtitle: tuple[str, ...]
    badge: str
    severity: str
    headings: dict[str, str]
    summary: tuple[Sentence, ...]
    figures: Grid
    timeline: tuple[Line, ...]
    stories: tuple[Quote, ...]
    stories_note: str
    names: tuple[Grid, ...]
    names_notes: tuple[str, ...]
    topics: Grid | None
    watchlists: Grid | None
    alarm: tuple[Grid, ...]
    alarm_notes: tuple[str, ...]
    about: tuple[str, ...]
    cited: str


def tell(
    report: Report,
    words: Words,
    *,
    rewritten: Sequence[Sentence] | None = None,
    rewriter: str = "",
    dropped: int = 0,
) -> Telling:
    """Put a report into words; `rewritten` takes the summary's place, by the model `rewriter`."""
    key, alert = words.key(report.key), report.alert
    run = words.say("run_live") if report.run == "live" else words.say("run_replay", run=report.run)
    about = list(_about(report, words))
    if rewritten is not None:
        about.append(words.say("about_rewritten", model=printable(rewriter, 80), dropped=dropped))
    span = words.say("span", since=moment(report.since), until=moment(report.until))
    return Telling(
        lang="zh-CN" if words.lang == "zh" else "en",
        title=words.say(f"title_{report.kind}", key=key),
        subtitle=(span, run, words.say("made", at=moment(report.made_at))),
        badge=_badge(alert, words) if alert is not None else "",
        severity=alert.severity if alert is not None else "",
        headings={name: words.say(name) for name in _HEADINGS},
        summary=tuple(rewritten) if rewritten is not None else summary(report, words),
        figures=_figures(report, words),
        timeline=tuple(_timeline(report, words)),
        stories=tuple(_quote(story, words) for story in report.stories),
        stories_note=_stories_note(report, words),
        names=tuple(_names(report, words)),
        names_notes=tuple(_names_notes(report, words)),
        topics=_topics(report.topics, "column_topic", words) if report.topics else None,
        watchlists=_watchlists(report, words) if report.watchlists else None,
        alarm=tuple(_alarm(report, words)),
        alarm_notes=tuple(_alarm_notes(report, words)),
        about=tuple(about),
        cited=words.say("cited"),
    )


def event_text(event: AlertEvent, words: Words) -> str:
    """What an alert's event says, in a sentence."""
    known = ("fired", "escalated", "updated", "confirmed", "resolved")
    name = f"event_{event.reason}" if event.reason in known else "event_other"
    return words.say(
        name,
        key=words.key(event.key),
        severity=words.say(f"severity_{event.severity}"),
        observed=number(event.observed),
        expected=number(event.expected),
        window=words.window(event.window_minutes),
        reason=printable(event.reason, 60),
    )


def plain_url(url: str) -> str:
    """`url` where it is an ordinary http address of ASCII letters without a user's name; else nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    ordinary = url.isascii() and url.isprintable() and not set(url) & _STRANGE
    if parts.scheme not in ("http", "https") or not host or parts.username is not None or len(url) > 500:
        return ""
    return url if ordinary else ""


def _badge(alert: AlertEvent, words: Words) -> str:
    state = words.say(f"state_{alert.state}")
    return f"{words.say(f'severity_{alert.severity}')} · {state}"


def _figures(report: Report, words: Words) -> Grid:
    rows = tuple(_figure(figure, words) for figure in report.figures)
    head = ("", words.say("seen"), words.say("normal"), words.say("difference"))
    return Grid(title="", head=head, rows=rows)


def _figure(figure: Figure, words: Words) -> Row:
    name = words.say("stories_all" if figure.name == "stories" else figure.name)
    if figure.name == "negative_share":
        normal = "–" if figure.normal is None else percent(figure.normal)
        points = "–" if figure.normal is None else f"{100 * (figure.seen - figure.normal):+.1f} pp"
        return name, percent(figure.seen), normal, points.replace("-", "−")
    if figure.name == "mean_score":
        normal = "–" if figure.normal is None else f"{figure.normal:+.3f}"
        apart = "–" if figure.normal is None else f"{figure.seen - figure.normal:+.3f}"
        return tuple(each.replace("-", "−") for each in (name, f"{figure.seen:+.3f}", normal, apart))
    normal = "–" if figure.normal is None else number(round(figure.normal))
    apart = "–" if figure.normal is None else change(figure.seen, figure.normal)
    return name, number(figure.seen), normal, apart


def _timeline(report: Report, words: Words) -> list[Line]:
    lines = []
    for entry in report.timeline:
        text, severity, anchor = "", "", ""
        if entry.event is not None:
            text = event_text(entry.event, words)
            severity = "resolved" if entry.event.state == "resolved" else str(entry.event.severity)
        elif entry.story is not None:
            text = f"{printable(entry.story.title, 200)} ({printable(entry.story.source, 60)})"
            anchor = f"S{entry.story.number}"
        lines.append(Line(at=moment(entry.at), text=text, anchor=anchor, severity=severity))
    return lines


def _quote(story: Told, words: Words) -> Quote:
    url = plain_url(story.url)
    told = words.say(
        "story_told",
        source=printable(story.source, 60),
        when=moment(story.published_at),
        documents=words.documents(story.documents),
        versions=words.versions(story.versions),
        score=f"{story.score:+.2f}".replace("-", "−"),
    )
    return Quote(
        anchor=f"S{story.number}",
        title=printable(story.title),
        url=url,
        site=urlsplit(url).hostname or "" if url else "",
        told=f"{told}; {words.key(story.topic)}",
        cited=story.evidence,
    )


def _stories_note(report: Report, words: Words) -> str:
    if not report.stories:
        return words.say("stories_none")
    return "" if report.complete else words.say("stories_partial")


def _names(report: Report, words: Words) -> list[Grid]:
    title = words.say("names_companies" if report.names.gazetteer else "names_symbols")
    found = ((title, report.names.companies), (words.say("names_capitals"), report.names.capitals))
    return [
        Grid(
            title=title,
            head=_without(
                (words.say("column_name"), words.say("column_symbol"), words.say("column_stories")), names
            ),
            rows=tuple(_without(_name(each), names) for each in names),
            note=words.say("names_as_of") if report.names.gazetteer and names is found[0][1] else "",
        )
        for title, names in found
        if names
    ]


def _without(row: Row, names: Sequence[Name]) -> Row:
    """A row without the column of symbols where nobody has one."""
    return row if any(name.symbol for name in names) else (row[0], row[2])


def _name(name: Name) -> Row:
    return printable(name.name, 60), printable(name.symbol, 16), number(name.negative)


def _names_notes(report: Report, words: Words) -> list[str]:
    notes = []
    if not report.names.gazetteer:
        notes.append(words.say("names_no_gazetteer"))
    if not report.names.companies:
        notes.append(words.say("names_no_company"))
    if not report.names.capitals:
        notes.append(words.say("names_none"))
    return notes


def _watchlists(report: Report, words: Words) -> Grid:
    grid = _topics(report.watchlists, "column_watchlist", words)
    return msgspec.structs.replace(grid, note=words.say("watchlists_overlap"))


def _topics(topics: Sequence[Topic], heading: str, words: Words) -> Grid:
    rows = tuple(
        (
            words.key(topic.key),
            number(topic.negative_stories),
            "–" if topic.normal is None else number(round(topic.normal)),
            "–" if topic.normal is None else change(topic.negative_stories, topic.normal),
            percent(topic.negative_share),
            str(topic.alerts) if topic.alerts else "",
        )
        for topic in topics
    )
    names = (heading, "column_negative", "normal", "difference", "column_share", "column_alerts")
    return Grid(title="", head=tuple(words.say(name) for name in names), rows=rows)


def _alarm(report: Report, words: Words) -> list[Grid]:
    grids = []
    if report.alerts:
        rows = tuple(_alert(each, words) for each in report.alerts[:40])
        head = (words.say("column_time"), words.say("column_what"), "")
        grids.append(Grid(title=words.say("alarm_list"), head=head, rows=rows))
    told = _acts(report)
    if told:
        entries: tuple[Row, ...] = tuple(
            (
                f"{entry.at:%Y-%m-%d %H:%M:%S}",
                words.say(f"action_{entry.action}"),
                printable(entry.by, 24),
                printable(entry.reason, 160),
            )
            for entry in told[:_MOST_JOURNAL]
        )
        heads = (words.say("column_time"), words.say("column_what"), words.say("column_who"), "")
        more = len(told) - len(entries)
        note = words.say("more_entries", n=more) if more > 0 else ""
        grids.append(Grid(title=words.say("alarm_journal"), head=heads, rows=entries, note=note))
    return grids


def _acts(report: Report) -> tuple[JournalEntry, ...]:
    """What people and delivery did; what the detector did is told in event time, with the other events."""
    return tuple(entry for entry in report.journal if entry.by != DETECTOR)


def _alert(alert: AlertEvent, words: Words) -> Row:
    state = words.say(f"state_{alert.state}")
    ended = f" {moment(alert.resolved_at)}" if alert.resolved_at else ""
    what = f"{words.key(alert.key)}: {words.say(f'severity_{alert.severity}')}"
    return moment(alert.detected_at), what, state + ended


def _alarm_notes(report: Report, words: Words) -> list[str]:
    notes = [
        words.say(
            "alarm_verdict",
            by=printable(verdict.by, 60),
            verdict=words.say(f"verdict_{verdict.verdict}"),
            at=moment(verdict.at),
        )
        + (f": {printable(verdict.note, 200)}" if verdict.note else "")
        for verdict in report.verdicts
    ]
    if not report.alerts:
        notes.append(words.say("alarm_none"))
    elif not _acts(report):
        notes.append(words.say("alarm_unheard"))
    return notes


def _about(report: Report, words: Words) -> list[str]:
    notes = [words.say("about_no_normal", days=LEAST_DAYS)]
    if report.normal_days is not None:
        fewest, most = report.normal_days
        notes = [words.say("about_normal", days=str(most) if fewest == most else f"{fewest}–{most}")]
    if report.alert is not None:
        notes.append(words.say("about_detector"))
    models = ", ".join(printable(model, 60) for model in report.models) or "–"
    notes.append(words.say("about_models", models=models))
    if report.late:
        notes.append(words.say("about_late", late=number(report.late)))
    if report.run != "live":
        notes.append(words.say("about_replay"))
    return notes
