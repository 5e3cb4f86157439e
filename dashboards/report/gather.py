"""Everything that a report says, read from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from alerts.events import AlertEvent
from alerts.keys import OVERALL, is_topic, watchlist_of
from dashboards import query
from dashboards.report.cluster import Cluster, clusters
from dashboards.report.names import load_gazetteer, names_in
from dashboards.report.normal import figures_of, hours_of, normal_hours
from dashboards.report.salience import main_stories
from dashboards.report.values import Entry, Hour, Kind, Report, Told, Topic
from pipeline.errors import UsageError
from pipeline.store import Store
from pipeline.store.actions import GivenVerdict
from pipeline.store.journal import JournalEntry

HISTORY = timedelta(days=28)
MOST_STORIES = 10
_COMPARED = timedelta(days=7)
"""Time before the span with whose headlines those of the span are compared."""
LONGEST = timedelta(days=31)
_SECONDS = 60.0
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_AROUND = timedelta(hours=24)
_SHORTEST = timedelta(minutes=30)
_MOST_NAMED = 6000
_MOST_KEYS = 60


def incident(store: Store, alert_id: str, *, made_at: datetime) -> Report:
    """The report of one alert, from its start to its end; NotFound where it is not there."""
    detail = query.alert(store, alert_id, seconds=_SECONDS)
    alert = detail.alert
    end = alert.resolved_at or max(
        (moment.event.at for moment in detail.events if moment.event.at), default=alert.detected_at
    )
    since, until = alert.started_at, max(end, alert.detected_at, alert.started_at + _HOUR)
    others = [
        each
        for each in query.alerts(
            store, alert.run, since=since - _AROUND, until=until, limit=500, seconds=_SECONDS
        )
        if each.id != alert.id and (each.resolved_at is None or each.resolved_at >= since)
    ]
    others.sort(key=lambda each: (each.started_at, each.key))
    events = [moment.event for moment in detail.events]
    return _report(
        store,
        "incident",
        alert.run,
        alert.key,
        (since, until),
        (_hour(since - _AROUND), until + 6 * _HOUR),
        made_at=made_at,
        alerts=[alert, *others],
        events=events,
        alert=alert,
        journal=detail.journal,
        verdicts=detail.verdicts,
    )


def brief(
    store: Store,
    run: str,
    key: str,
    since: datetime,
    until: datetime,
    *,
    made_at: datetime,
    kind: Kind = "brief",
) -> Report:
    """The report of a span; NotFound where the run is not in the store.

    Raises:
        UsageError: the span is empty, or longer than 31 days.
    """
    if not since < until <= since + LONGEST:
        raise UsageError(f"a report spans some of {LONGEST.days} days at most: {since} to {until} does not")
    if run not in (each.run for each in query.runs(store)):
        raise query.NotFound(
            f"the store has no run {run}; `tocsin replay --store` or `tocsin worker` make one"
        )
    asked = None if key == OVERALL else key
    alerts = query.alerts(store, run, key=asked, since=since, until=until, limit=1000, seconds=_SECONDS)[::-1]
    details = [query.alert(store, each.id, seconds=_SECONDS) for each in alerts[:100]]
    journal = sorted((entry for each in details for entry in each.journal), key=lambda entry: entry.at)
    return _report(
        store,
        kind,
        run,
        key,
        (since, until),
        (since, until),
        made_at=made_at,
        alerts=alerts,
        events=[moment.event for each in details for moment in each.events],
        alert=None,
        journal=tuple(journal),
        verdicts=tuple(verdict for each in details for verdict in each.verdicts),
    )


def _report(
    store: Store,
    kind: Kind,
    run: str,
    key: str,
    span: tuple[datetime, datetime],
    drawn: tuple[datetime, datetime],
    *,
    made_at: datetime,
    alerts: Sequence[AlertEvent],
    events: Sequence[AlertEvent],
    alert: AlertEvent | None,
    journal: tuple[JournalEntry, ...],
    verdicts: tuple[GivenVerdict, ...],
) -> Report:
    since, until = span
    first = next((each.first for each in query.runs(store) if each.run == run), None)
    hours, late = _hours(store, run, key, drawn, first)
    inside = tuple(hour for hour in hours if _hour(since) <= hour.time < until)
    found, complete = _stories(store, run, key, since, until)
    earlier, _ = _stories(store, run, key, since - _COMPARED, since)
    told = _told(clusters(found), earlier, alert, until - since)
    keys = query.keys(store, run, seconds=_SECONDS) if key == OVERALL else []
    topics = [each for each in keys if is_topic(each)]
    watchlists = [each for each in keys if watchlist_of(each) is not None]
    firsts = [story.first for story in found[:_MOST_NAMED]]
    return Report(
        kind=kind,
        run=run,
        key=key,
        since=since,
        until=until,
        made_at=made_at,
        alert=alert,
        alerts=tuple(alerts),
        hours=hours,
        figures=figures_of(inside),
        normal_days=_normal_days(inside),
        topics=_topics(store, run, topics, span, first, alerts),
        watchlists=_topics(store, run, watchlists, span, first, alerts),
        stories=told,
        complete=complete,
        timeline=_timeline(events, told, since, until),
        names=names_in(firsts, load_gazetteer()),
        journal=journal,
        verdicts=verdicts,
        models=tuple(
            share.value for share in query.shares(store, run, "model", since=since, until=until, limit=5)
        ),
        late=late,
    )


def _hours(
    store: Store, run: str, key: str, drawn: tuple[datetime, datetime], first: datetime | None
) -> tuple[tuple[Hour, ...], int]:
    """Hours to draw with what is normal for them, and how many documents of them came late."""
    since, until = _hour(drawn[0]), drawn[1]
    series = query.sentiment(
        store, run, key, since - HISTORY, until, step=3600, max_points=2000, seconds=_SECONDS
    )
    before = [point for point in series.points if point.time < since]
    normal = normal_hours(before, _later(first, since - HISTORY), since)
    late = sum(point.late for point in series.points if point.time >= since)
    return hours_of(series.points, normal, since, until), late


def _later(first: datetime | None, begin: datetime) -> datetime | None:
    return None if first is None else max(first, begin)


def _stories(
    store: Store, run: str, key: str, since: datetime, until: datetime
) -> tuple[list[query.Story], bool]:
    """The negative stories of a span, asked for in pieces small enough to be looked at whole."""
    kept: dict[int, query.Story] = {}
    complete = True
    for page in _pages(store, run, key, since, until):
        complete = complete and page.complete
        for story in page.stories:
            known = kept.get(story.story)
            kept[story.story] = story if known is None else _joined(known, story)
    return sorted(kept.values(), key=lambda story: (-story.documents, story.score, story.story)), complete


def _pages(store: Store, run: str, key: str, since: datetime, until: datetime) -> Iterator[query.StoryPage]:
    if until - since > _DAY:
        yield from _pages(store, run, key, since, since + _DAY)
        yield from _pages(store, run, key, since + _DAY, until)
        return
    page = query.stories(
        store,
        run,
        key=key,
        since=since,
        until=until,
        tone="negative",
        order="spread",
        limit=1000,
        seconds=_SECONDS,
    )
    if page.complete or until - since <= _SHORTEST:
        yield page
        return
    middle = since + (until - since) / 2
    yield from _pages(store, run, key, since, middle)
    yield from _pages(store, run, key, middle, until)


def _joined(known: query.Story, more: query.Story) -> query.Story:
    earlier = min(known, more, key=lambda story: story.first.published_at)
    return query.Story(
        story=known.story,
        first=earlier.first,
        documents=known.documents + more.documents,
        sources=max(known.sources, more.sources),
        last=max(known.last, more.last),
        score=min(known.score, more.score),
    )


def _told(
    found: Sequence[Cluster], earlier: Sequence[query.Story], alert: AlertEvent | None, span: timedelta
) -> tuple[Told, ...]:
    """The main stories: those that the alert cites, then those that tell best what came up."""
    cited = {story.story for story in alert.evidence} if alert else set()
    evidence = [each for each in found if any(story.story in cited for story in each.stories)]
    others = [each for each in found if each not in evidence]
    main = [
        *evidence,
        *main_stories(others, earlier, span=span, past=_COMPARED, most=max(0, MOST_STORIES - len(evidence))),
    ]
    return tuple(_one(number, each, evidence=each in evidence) for number, each in enumerate(main, start=1))


def _one(number: int, cluster: Cluster, *, evidence: bool) -> Told:
    first = min((story.first for story in cluster.stories), key=lambda document: document.published_at)
    shown = cluster.stories[0].first
    return Told(
        number=number,
        title=shown.title or shown.body[:300],
        source=shown.source,
        url=shown.url,
        published_at=first.published_at,
        documents=cluster.documents,
        versions=len(cluster.stories),
        sources=max(story.sources for story in cluster.stories),
        score=cluster.score,
        topic=shown.topic,
        evidence=evidence,
    )


def _timeline(
    events: Sequence[AlertEvent], told: Sequence[Told], since: datetime, until: datetime
) -> tuple[Entry, ...]:
    entries = [Entry(at=_when(event), event=event) for event in events]
    entries += [Entry(at=story.published_at, story=story) for story in told]
    inside = [entry for entry in entries if entry.event is not None or since <= entry.at <= until]
    return tuple(sorted(inside, key=lambda entry: (entry.at, entry.event is not None)))


def _when(event: AlertEvent) -> datetime:
    return event.at or (event.resolved_at if event.reason == "resolved" else None) or event.detected_at


def _topics(
    store: Store,
    run: str,
    keys: Sequence[str],
    span: tuple[datetime, datetime],
    first: datetime | None,
    alerts: Sequence[AlertEvent],
) -> tuple[Topic, ...]:
    """Those of the keys that have stories, or should have: the furthest above normal first."""
    found = []
    for key in keys[:_MOST_KEYS]:
        hours, _ = _hours(store, run, key, span, first)
        figures = {figure.name: figure for figure in figures_of(hours)}
        negative = figures["negative_stories"]
        if not negative.seen and (negative.normal or 0) < 0.5:
            continue
        found.append(
            Topic(
                key=key,
                negative_stories=int(negative.seen),
                normal=negative.normal,
                negative_share=figures["negative_share"].seen,
                alerts=sum(alert.key == key for alert in alerts),
            )
        )
    found.sort(key=lambda topic: (-(topic.negative_stories - (topic.normal or 0)), topic.key))
    return tuple(found[:20])


def _normal_days(hours: Sequence[Hour]) -> tuple[int, int] | None:
    days = [hour.normal.days for hour in hours if hour.normal]
    return (min(days), max(days)) if days and len(days) == len(hours) else None


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
