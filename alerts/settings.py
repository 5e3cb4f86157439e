"""Settings of detection and delivery; `pipeline.settings` reads them as `[detector]` and `[delivery]`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from alerts.routes import RouteSettings

_LONGEST_WINDOW = 1440


class Limits(NamedTuple):
    """What may ring of one key."""

    budget_per_week: float
    min_surprise: float
    min_stories: int


class TopicOverride(BaseModel):
    """Limits of one key that differ from those of all: `[detector.topics.NAME]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    budget_per_week: float | None = Field(None, gt=0, le=100)
    """False alarms a week that this key may raise."""
    min_surprise: float | None = Field(None, ge=0.5, le=50)
    """Surprise below which this key never rings."""
    min_stories: int | None = Field(None, ge=1, le=10_000)
    """Negative stories that a window of this key must hold."""


class DetectorSettings(BaseModel):
    """How a surge of negative stories is told from the ordinary; docs/alerts.md has the formulae."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    windows: tuple[int, ...] = (5, 15, 60, 180, 720, 1440)
    """Lengths of the windows that are watched, minutes, shortest first: 2 to 1440, at most six."""
    budget_per_week: float = Field(1.0, gt=0, le=100)
    """False alarms a week that one key may raise at most; the floor keeps quiet keys far below."""
    min_surprise: float = Field(1.8, ge=0.5, le=50)
    """A key never rings below this surprise, however quiet its history (2 is one chance in 100)."""
    min_stories: int = Field(5, ge=1, le=10_000)
    """Distinct negative stories that a window must hold before it can ring."""
    warmup_days: float = Field(3.0, ge=0.5, le=90)
    """Days of history until a key may ring; before that it is learning."""
    profile_half_life_days: float = Field(28.0, ge=1, le=3650)
    """Days after which an hour counts half in the seasonal profile and in the spread around it."""
    level_half_life_days: float = Field(3.0, ge=0.25, le=365)
    """Days after which an hour counts half in the level, which follows busier and calmer weeks."""
    tempo_half_life_hours: float = Field(12.0, ge=0.5, le=72)
    """Hours after which an hour counts half in the tempo, which windows of up to three hours are held to."""
    tail_half_life_days: float = Field(28.0, ge=1, le=3650)
    """Days after which a past peak of the surprise counts half in the threshold."""
    share_weight: float = Field(0.2, ge=0, le=1)
    """Weight of the negative share in the surprise; the rest is the weight of the negative count."""
    clear_ratio: float = Field(0.5, gt=0, lt=1)
    """An alert may resolve once the surprise is below this fraction of the threshold."""
    quiet_minutes: int = Field(60, ge=1, le=10_080)
    """Minutes the surprise must stay that low before the alert resolves; closer peaks are one surge."""
    cooldown_minutes: int = Field(180, ge=0, le=10_080)
    """Minutes after resolving in which the key rings only for a surge greater than the last."""
    severity_step: float = Field(1.5, gt=0, le=20)
    """Surprise above the threshold at which an alert is a warning; twice that is critical."""
    update_minutes: int = Field(180, ge=1, le=10_080)
    """An alert that grows without rising in severity is updated at most this often."""
    pending_minutes: int = Field(2, ge=0, le=1440)
    """Minutes a surge must last before it rings; one that is a warning at once does not wait."""
    confirm_minutes: int = Field(10, ge=0, le=1440)
    """Minutes after which an alert is confirmed, late documents of its window counted in; 0 for at once."""
    topics: dict[str, TopicOverride] = {}
    """Limits of single keys (`overall`, a topic id, `watch.` and the name of a watchlist): budget_per_week,
    min_surprise, min_stories."""

    def limits(self, key: str) -> Limits:
        """What may ring of that key."""
        own = self.topics.get(key, TopicOverride())

        def either(mine: float | None, common: float) -> float:
            return common if mine is None else mine

        return Limits(
            budget_per_week=either(own.budget_per_week, self.budget_per_week),
            min_surprise=either(own.min_surprise, self.min_surprise),
            min_stories=int(either(own.min_stories, self.min_stories)),
        )

    @field_validator("windows")
    @classmethod
    def _ordered(cls, windows: tuple[int, ...]) -> tuple[int, ...]:
        if not 1 <= len(windows) <= 6 or list(windows) != sorted(set(windows)):
            raise ValueError("give one to six different window lengths in minutes, shortest first")
        if windows[0] < 2 or windows[-1] > _LONGEST_WINDOW:
            raise ValueError(f"a window lasts 2 to {_LONGEST_WINDOW} minutes")
        return windows


class SeriesSettings(BaseModel):
    """How `tocsin detect` tells anomalies in a plain series; one set of values for every series."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_days: float = Field(2.0, gt=0, le=365)
    """Days until the first score; before that it is learning."""
    least_values: int = Field(12, ge=2)
    """Values from which the spread is trusted."""
    most_first: int = Field(2048, ge=64)
    """Residuals that are kept while it learns; beyond that every other one."""
    level_days: float = Field(1.0, gt=0)
    """Time constant of the level."""
    season_hours: float = Field(4.0, gt=0)
    """Time constant of the profile over the hours of the day, in hours spent in each."""
    spread_days: float = Field(7.0, gt=0)
    """Time constant of the spread around normal."""
    cap: float = Field(3.0, gt=0)
    """Spreads that one value teaches at most."""
    quantile: float = Field(0.985, gt=0.5, lt=1)
    """Part of the residuals that lies below the start of the tail."""
    quantile_step: float = Field(0.003, gt=0, lt=0.5)
    """How far the start of the tail moves with a value, as a part of itself."""
    quiet_minutes: float = Field(60.0, ge=0)
    """Peaks of the tail that are closer are one."""
    prior_peaks: float = Field(15.0, gt=0)
    """Peaks that the prior of the tail weighs."""
    prior_excess: float = Field(0.3, gt=0)
    """Mean logarithm of a peak over the start of the tail before any is seen."""
    excess_cap: float = Field(4.0, gt=1)
    """Mean excesses that one peak teaches at most."""
    keep: float = Field(0.99, gt=0, le=1)
    """What is left of the weight of past peaks when one is added."""
    echo_ratio: float = Field(1.1, ge=0)
    """A value must be so many times as surprising as the echo of the loudest before it."""
    echo_half_life_days: float = Field(1.0, gt=0)
    """Half-life of that echo."""


class FeedSettings(BaseModel):
    """When a source that sends nothing is an alarm of its own (docs/feed-health.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = True
    """Whether sources are watched at all."""
    silence_surprise: float = Field(5.0, ge=1, le=50)
    """Surprise (-log10 of the chance) from which a source's silence rings."""
    silence_minutes: int = Field(30, ge=5, le=10_080)
    """Minutes that a silence must last before it rings, however surprising."""
    gap_share: float = Field(0.5, gt=0, le=1)
    """Share of the usual documents that silent sources must carry for the feed to count as down."""


class DeliverySettings(BaseModel):
    """Where alerts go and how hard we try; an empty URL switches that receiver off."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    alertmanager_url: str = ""
    """Base URL of Prometheus Alertmanager, such as `http://127.0.0.1:9093`."""
    alertmanager_token: SecretStr | None = None
    """Bearer token for it; set it in the environment, TOCSIN_DELIVERY__ALERTMANAGER_TOKEN, not in a file."""
    webhook_url: str = Field("", repr=False)
    """Alert events are posted here as JSON; messages show the host alone, as the path often is a secret."""
    webhook_token: SecretStr | None = None
    """Bearer token for it; set it in the environment, TOCSIN_DELIVERY__WEBHOOK_TOKEN, not in a file."""
    timeout: float = Field(10.0, gt=0, le=300)
    """Seconds a receiver may take to connect, and again to answer."""
    resend_interval: float = Field(60.0, ge=0.1, le=3600)
    """Seconds between posts of a firing alert to Alertmanager, which forgets alerts when it restarts."""
    resolved_resend: float = Field(300.0, ge=0, le=86_400)
    """Seconds that a resolved alert is still posted, for the same reason; at least your `group_interval`."""
    minimum_firing: float = Field(330.0, ge=0, le=86_400)
    """Seconds an alert fires at Alertmanager at least, counted from the post it accepted.

    Alertmanager tells nobody of an alert that resolves between two flushes of its group, so this must exceed
    your `group_wait` and `group_interval` (30 s and 5 min unless you set them).
    """
    max_backoff: float = Field(300.0, ge=1, le=86_400)
    """Longest pause between two attempts, seconds; the first is one second, then twice as long each time."""
    dead_man: bool = True
    """Whether Alertmanager gets an alert that always fires in the live run, so that its absence tells."""
    routes: tuple[RouteSettings, ...] = ()
    """People to notify: tables `[[delivery.routes]]` at the end of the file, see docs/delivery.md."""

    @field_validator("routes")
    @classmethod
    def _names_differ(cls, routes: tuple[RouteSettings, ...]) -> tuple[RouteSettings, ...]:
        names = [route.name for route in routes]
        if len(set(names)) < len(names):
            raise ValueError("two routes have the same name")
        return routes

    @field_validator("alertmanager_url", "webhook_url")
    @classmethod
    def _http(cls, url: str) -> str:
        if not url:
            return url
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isprintable() or " " in url:
            raise ValueError("give a URL such as http://127.0.0.1:9093")
        if parts.username is not None or parts.password is not None:
            raise ValueError("no user or password in the URL; set the receiver's token in the environment")
        return url

    @model_validator(mode="after")
    def _token_stays_private(self) -> Self:
        for url, token in (
            (self.alertmanager_url, self.alertmanager_token),
            (self.webhook_url, self.webhook_token),
        ):
            if token is not None and urlsplit(url).scheme == "http" and not is_loopback(url):
                raise ValueError("a token over plain http could be read on the way; give an https URL")
        return self


def is_loopback(url: str) -> bool:
    """Whether `url` names this very machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
