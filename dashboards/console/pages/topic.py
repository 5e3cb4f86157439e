"""A topic's page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.keys import watchlist_of
from dashboards import query
from dashboards.console.pages.page import Args, Asked, Done, moment, text
from dashboards.console.pages.ruling import Told
from dashboards.console.reads import normal_for, readable
from dashboards.console.views.say import Json
from dashboards.console.views.topic import SPANS, Filter, TopicPage, topic_view
from dashboards.query.sentiment import LONGEST

_STEP = 30
_MOST = 300
_TOPICS = 6
"""Topics that are named of a watchlist."""
_SHORTEST = timedelta(minutes=30)


class TopicDesk:
    """One key of a run over a span that the reader chooses."""

    name = "Topic"

    def __init__(self, key: str, at: datetime | None = None) -> None:
        self._key, self._at = key, at
        self._span = "7d"
        self._zoom: tuple[datetime, datetime] | None = None
        self._filter = Filter()
        self._limit = _STEP
        self._told = Told()

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""
        info = next((each for each in query.runs(asked.store) if each.run == asked.run), None)
        last = self._at or (info.last + timedelta(minutes=1) if info and info.last else asked.now)
        since, until = self._zoom or (last - SPANS[self._span], last)
        store, run, key, chosen = asked.store, asked.run, self._key, self._filter
        series = readable(store, run, key, since, until)
        began = info.first if info else None
        name = watchlist_of(key)
        # A watchlist may be younger than its run, and is then unknown to the detector.
        heard = began if name is None else query.first_minute(store, run, key)
        overlapping = [
            alert
            for alert in query.alerts(store, run, key=key, until=until, limit=500)
            if alert.resolved_at is None or alert.resolved_at > since
        ]
        firing = [alert for alert in overlapping if alert.resolved_at is None or alert.resolved_at > last]
        stories = query.stories(
            store,
            run,
            key=key,
            since=since,
            until=until,
            tone=chosen.tone or None,
            lang=chosen.lang or None,
            source=chosen.source or None,
            search=chosen.search or None,
            limit=self._limit,
            order="newest" if chosen.search else "negative",
        )
        warmup = timedelta(days=asked.settings.detector.warmup_days)
        page = TopicPage(
            key=key,
            since=since,
            until=until,
            span="" if self._zoom else self._span,
            series=series,
            normal=normal_for(store, run, series, asked.settings, began),
            alerts=overlapping,
            firing=max(firing, key=lambda alert: alert.surprise, default=None),
            stories=stories,
            sources=query.shares(store, run, "source", key=key, since=since, until=until),
            langs=query.shares(store, run, "lang", key=key, since=since, until=until, limit=20),
            filter=chosen,
            topics=asked.topics,
            learning=heard is not None and last - heard < warmup,
            more=len(stories.stories) == self._limit < _MOST,
            watchlist=asked.settings.watchlists.get(name) if name is not None else None,
            divided=query.shares(store, run, "topic", key=key, since=since, until=until, limit=_TOPICS)
            if name is not None
            else (),
        )
        return {**topic_view(page, asked.say), "told": dict(self._told.told)}

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Choose a span, zoom, filter; explain or correct a story."""
        if name == "span" and text(args, "span") in SPANS:
            self._span, self._zoom, self._limit = text(args, "span"), None, _STEP
        elif name == "zoom":
            since, until = moment(args, "since"), moment(args, "until")
            if since is None or until is None:
                return Done()
            since = since.astimezone(UTC).replace(second=0, microsecond=0)
            until = max(until, since + _SHORTEST).replace(second=0, microsecond=0)
            self._zoom = since, min(until, since + LONGEST)
        elif name == "filter":
            self._filter = Filter(
                search=text(args, "search", 200),
                tone=text(args, "tone", 16),
                source=text(args, "source", 512),
                lang=text(args, "lang", 64),
            )
            self._limit = _STEP
        elif name == "more":
            self._limit = min(self._limit + _STEP, _MOST)
        else:
            return self._told.act(name, args, asked)
        return Done()
