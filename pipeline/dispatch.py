"""Everything that leaves for people: one turn of all receivers and routes of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx

from alerts.delivery import Drained, Receiver, Retry, Sender, drain_once, open_senders
from alerts.delivery.channels.opening import RouteError, open_routes
from alerts.delivery.http import open_client
from alerts.delivery.notify import notify_once
from alerts.delivery.sender import AlertmanagerSender
from alerts.delivery.silences import Silences
from alerts.delivery.stages.send import RouteSender
from alerts.events import AlertEvent
from alerts.settings import DeliverySettings
from pipeline.chart import chart
from pipeline.errors import UsageError
from pipeline.settings import Settings
from pipeline.store import Outbox, Store
from pipeline.store.notices import Notices

log = logging.getLogger(__name__)

LIVE = "live"
_SILENCES_EVERY = timedelta(seconds=5)


class Dispatch:
    """Brings a run's alert events to Alertmanager, to the webhook and to the routes."""

    def __init__(
        self,
        store: Store,
        settings: DeliverySettings,
        run: str,
        senders: Mapping[Receiver, Sender],
        routes: Mapping[str, RouteSender],
        silences: Silences | None,
    ) -> None:
        """Use `open_dispatch`."""
        self._outbox, self._notices = Outbox(store, run), Notices(store, run)
        self._settings, self._run = settings, run
        self._senders, self._routes, self._silences = senders, routes, silences
        self._proved: datetime | None = None
        self._silenced: datetime | None = None

    def enqueue(self, events: Sequence[AlertEvent], now: datetime) -> None:
        """Queue each event for whoever wants it; one that is queued already is left as it is."""
        self._outbox.enqueue(events, self._settings, now)

    def turn(self, now: datetime) -> Drained:
        """Send what is due at wall clock `now`, and keep Alertmanager's view of us up to date."""
        self._prove(now)
        self._silence(now)
        drained = drain_once(self._outbox, self._senders, now, self._settings)
        told = notify_once(self._notices, self._routes, now, self._settings)
        return Drained(results=(*drained.results, *told))

    def pending(self) -> dict[str, int]:
        """Events not yet accepted, those that are held among them, by receiver."""
        return {name: waiting.pending + waiting.held for name, waiting in self._outbox.waiting().items()}

    def _prove(self, now: datetime) -> None:
        """Post the dead man's switch of the live run."""
        sender = self._senders.get("alertmanager")
        if not isinstance(sender, AlertmanagerSender) or self._run != LIVE or not self._settings.dead_man:
            return
        if self._due(self._proved, now, timedelta(seconds=self._settings.resend_interval)):
            outcome = sender.prove(self._run, now)
            if isinstance(outcome, Retry):
                log.warning("the dead man's switch did not reach Alertmanager: %s", outcome.reason)
            self._proved = now

    def _silence(self, now: datetime) -> None:
        if self._silences is None or not self._due(self._silenced, now, _SILENCES_EVERY):
            return
        self._silenced = now
        try:
            self._silences.reconcile(self._notices.silences(now), now)
        except httpx.HTTPError as error:
            log.debug("silences of Alertmanager are not up to date: %s", error)

    @staticmethod
    def _due(last: datetime | None, now: datetime, every: timedelta) -> bool:
        return last is None or not last <= now < last + every


@contextmanager
def open_dispatch(store: Store, settings: Settings, environ: Mapping[str, str]) -> Iterator[Dispatch]:
    """All receivers and routes of the settings' run; UsageError where a route cannot work."""
    delivery = settings.delivery
    try:
        with (
            open_senders(delivery) as senders,
            open_routes(
                delivery, environ, lambda event: chart(store, event), watchlists=settings.watchlists
            ) as routes,
            _silences(settings) as silences,
        ):
            yield Dispatch(store, delivery, settings.run, senders, routes, silences)
    except RouteError as error:
        raise UsageError(f"{error} (setting `delivery.routes`)") from None


def demand_routes(settings: Settings, environ: Mapping[str, str]) -> None:
    """Raise UsageError where a route cannot work, before anything is begun."""
    try:
        with open_routes(settings.delivery, environ):
            pass
    except RouteError as error:
        raise UsageError(f"{error} (setting `delivery.routes`)") from None


@contextmanager
def _silences(settings: Settings) -> Iterator[Silences | None]:
    url, token = settings.delivery.alertmanager_url, settings.delivery.alertmanager_token
    if not url:
        yield None
        return
    secret = token.get_secret_value() if token is not None else ""
    with open_client(url, settings.delivery.timeout, secret) as client:
        yield Silences(client, url, settings.run)
