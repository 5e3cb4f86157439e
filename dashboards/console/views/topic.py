"""One topic: its course against what is normal, and its stories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from alerts.events import AlertEvent
from alerts.keys import watchlist_of
from dashboards.console.normal import Normal
from dashboards.console.views.say import Json, Say, iso, milliseconds, short
from dashboards.console.views.stories import story_view, topic_choices
from dashboards.query import Series, Share, StoryPage
from dashboards.text import printable
from pipeline.settings import Watchlist

SPANS = {
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
"""Spans that a button chooses, by the name of their words."""
_NORMAL = 1.96
"""Standard errors to either side of a mean that hold it 95 times of 100."""


class Filter(Struct, frozen=True, kw_only=True):
    """What stories are asked for; empty is any."""

    search: str = ""
    tone: str = ""
    source: str = ""
    lang: str = ""


class TopicPage(Struct, frozen=True, kw_only=True):
    """All that the page is made of."""

    key: str
    since: datetime
    until: datetime
    span: str
    """Name of the chosen span, empty where somebody zoomed."""
    series: Series
    normal: Sequence[Normal | None]
    """What was to be expected, a point of the series each."""
    alerts: Sequence[AlertEvent]
    """Those that overlap the span."""
    firing: AlertEvent | None
    stories: StoryPage
    sources: Sequence[Share]
    langs: Sequence[Share]
    filter: Filter
    topics: tuple[str, ...]
    learning: bool
    more: bool
    watchlist: Watchlist | None = None
    """What the settings say of the key where it is a watchlist's; None where they have no such list."""
    divided: Sequence[Share] = ()
    """Documents of a watchlist by topic."""


def topic_view(page: TopicPage, say: Say) -> Json:
    """The page as it is shown."""
    points = page.series.points
    documents = sum(point.documents for point in points)
    negative = sum(point.negative_stories for point in points)
    label = say.topic(page.key)
    alert = page.firing
    return {
        **say.named(page.key),
        "follows": _follows(page, say),
        "divided": [{**say.named(each.value), "documents": each.documents} for each in page.divided],
        "lead": say("topic_lead", documents=f"{documents:,}", negative=f"{negative:,}", n=len(page.alerts)),
        "alert": alert and {"id": alert.id, "severity": alert.severity, "surprise": alert.surprise},
        "learning": page.learning,
        "spans": [{"name": name, "label": say(f"span_{name}")} for name in SPANS],
        "span": page.span,
        "since": iso(page.since),
        "until": iso(page.until),
        "chart": chart_view(page.series, page.normal, page.alerts, say, label),
        "table": _table(page),
        "filter": {name: getattr(page.filter, name) for name in Filter.__struct_fields__},
        "sources": [each.value for each in page.sources if each.value == printable(each.value, 200)],
        "langs": [each.value for each in page.langs if each.value],
        "stories": [story_view(story, say, page.key) for story in page.stories.stories],
        "topics": topic_choices(say, page.topics),
        "told": {},
        "more": page.more,
    }


def chart_view(
    series: Series,
    normal: Sequence[Normal | None],
    alerts: Sequence[AlertEvent],
    say: Say,
    label: str,
) -> Json:
    """Points of a chart (see parts/chart.js), each in the middle of its step, and the alerts behind them."""
    points: list[list[float | int | None]] = []
    for point, usual in zip(series.points, normal, strict=True):
        low = high = None
        if point.mean is not None and point.mean_se is not None:
            low = max(-1.0, round(point.mean - _NORMAL * point.mean_se, 4))
            high = min(1.0, round(point.mean + _NORMAL * point.mean_se, 4))
        expected = [usual.expected, usual.low, usual.high] if usual else [None, None, None]
        mean = None if point.mean is None else round(point.mean, 4)
        at = milliseconds(point.time) + series.step_seconds * 500
        points.append([at, mean, low, high, point.documents, point.negative_stories, *expected])
    return {
        "points": points,
        "step": series.step_seconds * 1000,
        "from": milliseconds(series.since),
        "to": max(milliseconds(series.until), int(points[-1][0] or 0) if points else 0),
        "alerts": [_area(alert, series.until, say) for alert in alerts],
        "says": say("chart_says", topic=label, start=short(series.since), end=short(series.until)),
    }


def _area(alert: AlertEvent, until: datetime, say: Say) -> Json:
    end = min(alert.resolved_at or until, until)
    return {
        "from": milliseconds(alert.started_at),
        "to": milliseconds(max(end, alert.started_at + timedelta(minutes=1))),
        "severity": alert.severity,
        "label": say(alert.severity),
    }


def _follows(page: TopicPage, say: Say) -> Json | None:
    """What a watchlist is made of; None for a topic."""
    if watchlist_of(page.key) is None:
        return None
    chosen = page.watchlist
    if chosen is None:
        return {"gone": True, "facts": []}
    facts = {
        "follows_terms": chosen.terms,
        "follows_symbols": chosen.symbols,
        "follows_sources": chosen.sources,
        "follows_topics": tuple(map(say.topic, chosen.topics)),
    }
    told = [
        (say(name), say("comma").join(printable(value, 100) for value in values))
        for name, values in facts.items()
        if values
    ]
    return {"gone": False, "facts": told}


def _table(page: TopicPage) -> list[list[object]]:
    rows = zip(page.series.points, page.normal, strict=True)
    return [
        [
            f"{point.time.astimezone(UTC):%Y-%m-%d %H:%M}",
            point.mean,
            point.documents,
            point.negative_stories,
            usual.expected if usual else None,
        ]
        for point, usual in list(rows)[-200:]
    ]
