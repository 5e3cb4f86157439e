"""The senders of all routes, their URLs and secrets taken from the environment."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from alerts.delivery.channels.apprise import AppriseChannel, MissingExtraError
from alerts.delivery.channels.dingtalk import DingTalk
from alerts.delivery.channels.feishu import Feishu
from alerts.delivery.channels.hook import Hook
from alerts.delivery.channels.wecom import WeCom
from alerts.delivery.http import open_client
from alerts.delivery.message import Message, compose
from alerts.delivery.schedule import Outcome
from alerts.delivery.stages.send import RouteSender
from alerts.events import AlertEvent
from alerts.routes import RouteSettings
from alerts.settings import DeliverySettings, is_loopback
from alerts.titles import UNTITLED, Watchlists

Picture = Callable[[AlertEvent], bytes | None]
"""The chart of an alert, as PNG."""


class RouteError(ValueError):
    """A route cannot work as it is set; the message says which, and what to do, and no secret."""


class ChannelSender(Protocol):
    """Brings one message to one receiver."""

    def tell(self, message: Message, now: datetime, key: str, picture: bytes | None = None) -> Outcome:
        """Try once."""
        ...


class Teller:
    """Composes what a route is told, and hands it to the route's channel."""

    def __init__(
        self,
        route: RouteSettings,
        channel: ChannelSender,
        picture: Picture,
        watchlists: Watchlists,
        *,
        test: bool = False,
    ) -> None:
        self._route, self._channel, self._picture, self._test = route, channel, picture, test
        self._watchlists = watchlists

    def send(self, events: tuple[AlertEvent, ...], now: datetime) -> Outcome:
        """Tell the route of `events` once."""
        route = self._route
        message = compose(
            events, route.language, route.time_zone, watchlists=self._watchlists, test=self._test
        )
        picture = self._picture(events[0]) if route.picture and len(events) == 1 else None
        key = _key(route, events)
        if isinstance(self._channel, Hook):
            return self._channel.tell(message, now, key, picture, events)
        return self._channel.tell(message, now, key, picture)


def _key(route: RouteSettings, events: tuple[AlertEvent, ...]) -> str:
    """Equal for every try of one message; for PagerDuty, for every message about one alert."""
    if route.channel == "pagerduty":
        return f"tocsin-{events[0].id}"
    named = "\n".join(f"{event.id}/{event.seq}" for event in events)
    return f"{route.name}/{hashlib.sha256(named.encode()).hexdigest()[:32]}"


@contextmanager
def open_routes(
    settings: DeliverySettings,
    environ: Mapping[str, str],
    picture: Picture = lambda _: None,
    *,
    watchlists: Watchlists = UNTITLED,
    test: bool = False,
) -> Iterator[Mapping[str, RouteSender]]:
    """A sender for each route, by its name; RouteError where one cannot work.

    Messages call watchlists by the titles that `watchlists` has for them.
    """
    with ExitStack() as stack:
        senders: dict[str, RouteSender] = {}
        for route in settings.routes:
            channel = _channel(route, environ, settings, stack)
            senders[route.name] = Teller(route, channel, picture, watchlists, test=test)
        yield senders


def _channel(
    route: RouteSettings, environ: Mapping[str, str], settings: DeliverySettings, stack: ExitStack
) -> ChannelSender:
    url = _variable(route, route.url_env, environ)
    secret = _variable(route, route.secret_env, environ) if route.secret_env else ""
    if route.channel in ("slack", "teams", "telegram", "email", "pagerduty", "apprise"):
        try:
            return AppriseChannel(route.channel, url, settings.timeout)
        except (ValueError, MissingExtraError) as error:
            raise RouteError(f"route {route.name}, {route.url_env}: {error}") from None
    _demand_http(route, url, secret)
    token = secret if route.channel == "webhook" else ""
    client = stack.enter_context(open_client(url, settings.timeout, token))
    match route.channel:
        case "dingtalk":
            return DingTalk(client, url, secret)
        case "feishu":
            return Feishu(client, url, secret)
        case "wecom":
            return WeCom(client, url)
        case _:
            return Hook(client, url)


def _variable(route: RouteSettings, name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise RouteError(
            f"route {route.name}: set the environment variable {name}, which is empty or missing"
        )
    return value


def _demand_http(route: RouteSettings, url: str, secret: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not url.isprintable():
        raise RouteError(f"route {route.name}: {route.url_env} must hold an http(s) URL without a user in it")
    if parts.scheme == "http" and not is_loopback(url):
        raise RouteError(f"route {route.name}: {route.url_env} is a secret to be sent over https, not http")
