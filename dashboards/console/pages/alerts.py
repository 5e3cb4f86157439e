"""The inbox and an alert's page."""

from __future__ import annotations

from datetime import timedelta

from dashboards import query
from dashboards.console.pages.page import Args, Asked, Done, text
from dashboards.console.pages.ruling import Told, rule
from dashboards.console.reads import normal_for, readable, ruled_alerts, with_rulings
from dashboards.console.views.alerts import SHOWS, AlertPage, alert_view, inbox_view
from dashboards.console.views.say import Json
from pipeline.store import actions

_READ = 500
_STEP = 25
_BEFORE, _AFTER = timedelta(days=2), timedelta(hours=12)


class InboxPage:
    """The newest alerts of a run and what was said of them."""

    name = "Inbox"

    def __init__(self, show: str = "all") -> None:
        self._show = show if show in SHOWS else "all"
        self._limit = _STEP

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now."""
        ruled = ruled_alerts(asked.store, asked.run, limit=_READ, now=asked.now)
        return inbox_view(
            ruled,
            asked.say,
            show=self._show,
            mutes=actions.active_mutes(asked.store, asked.run, asked.now),
            limit=self._limit,
            complete=len(ruled) < _READ,
        )

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Choose what is shown, or rule on an alert."""
        if name == "show" and text(args, "show") in SHOWS:
            self._show, self._limit = text(args, "show"), _STEP
            return Done()
        if name == "more":
            self._limit += _STEP
            return Done()
        return rule(name, args, asked)


class AlertDesk:
    """One alert, whole."""

    name = "Alert"

    def __init__(self, id: str) -> None:
        self._id = id
        self._told = Told()

    def view(self, asked: Asked) -> Json:
        """Read the page as it is now; NotFound where there is no such alert."""
        store = asked.store
        alert = query.alert(store, self._id).alert
        info = next((each for each in query.runs(store) if each.run == alert.run), None)
        since = alert.started_at - _BEFORE
        until = (alert.resolved_at or alert.detected_at + timedelta(minutes=1)) + _AFTER
        if info is not None and info.last is not None:
            until = max(min(until, info.last + timedelta(minutes=1)), since + timedelta(hours=1))
        series = readable(store, alert.run, alert.key, since, until)
        page = AlertPage(
            ruled=with_rulings(store, alert.run, [alert], asked.now)[0],
            journal=actions.journal(store, self._id),
            series=series,
            normal=normal_for(store, alert.run, series, asked.settings, info.first if info else None),
            topics=asked.topics,
        )
        return {**alert_view(page, asked.say), "told": dict(self._told.told)}

    def act(self, name: str, args: Args, asked: Asked) -> Done | None:
        """Rule on the alert; explain or correct a story of its evidence."""
        return rule(name, args, asked) or self._told.act(name, args, asked)
