"""Routes: who is told of what, when, by which channel and in which language (`[[delivery.routes]]`)."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from alerts.events import AlertEvent, Severity
from alerts.hours import Hours

Channel = Literal[
    "slack",
    "teams",
    "telegram",
    "email",
    "pagerduty",
    "apprise",
    "webhook",
    "dingtalk",
    "feishu",
    "wecom",
]
SIGNED: frozenset[Channel] = frozenset({"dingtalk", "feishu"})
"""Channels whose robots can be given a secret to sign with."""
RESERVED = ("alertmanager", "webhook")
"""Names of the receivers that are no routes."""
SEVERITIES: tuple[Severity, ...] = ("watch", "warning", "critical")


class RouteSettings(BaseModel):
    """One route of `[[delivery.routes]]`; docs/delivery.md has an example of each channel."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")
    """What it is called in the journal and in metrics: up to 32 small letters, digits and hyphens."""
    channel: Channel
    """Where it goes; `apprise` takes any URL of Apprise's."""
    url_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Environment variable that holds the URL: it often is a secret, so it never stands in this file."""
    secret_env: str = Field("", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    """Environment variable with the secret to sign with (dingtalk, feishu), or a bearer token (webhook)."""
    topics: tuple[str, ...] = ("*",)
    """Keys it wants: `overall`, topic ids, `feed/*`; patterns with * and ?."""
    min_severity: Severity = "watch"
    """The least severity it wants."""
    kinds: tuple[Literal["negative_surge", "feed_silence"], ...] = ("negative_surge", "feed_silence")
    """What it wants to hear of."""
    runs: Literal["live", "replay", "all"] = "live"
    """Kind of run it wants; replays are marked as such in the text."""
    hours: str = ""
    """When it may be told, such as `Mon-Fri 07:00-19:00; Sat 09:00-12:00`; empty: always."""
    time_zone: str = "UTC"
    """Zone of `hours`, and of the times in its texts: a name such as `Europe/Berlin`."""
    outside_hours: Literal["hold", "drop"] = "hold"
    """What happens to the rest: told when the hours begin (as it then stands), or never."""
    language: Literal["en", "zh"] = "en"
    """Language of its texts."""
    updates: bool = True
    """Whether it hears of growth without a rise in severity, and of confirmation with other figures."""
    resolved: bool = True
    """Whether it hears of ends."""
    picture: bool = True
    """Whether a chart goes along, where the channel takes pictures."""
    group_wait: float = Field(10.0, ge=0, le=3600)
    """Seconds the first event waits for others, so that one shock makes one message; critical ones do not."""
    max_per_hour: int = Field(20, ge=1, le=3600)
    """Messages in any hour at most; what is over waits, and is told as it then stands."""

    @field_validator("name")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        if name in RESERVED:
            raise ValueError(f"{name} is the name of a receiver; call the route something else")
        return name

    @field_validator("url_env", "secret_env")
    @classmethod
    def _no_setting(cls, name: str) -> str:
        if name.upper().startswith("TOCSIN_"):
            raise ValueError("names that begin with TOCSIN_ are settings; name another variable")
        return name

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone; give a name such as Europe/Berlin") from None
        return name

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, text: str) -> str:
        Hours.parse(text, "UTC")
        return text

    @model_validator(mode="after")
    def _secret_is_of_use(self) -> Self:
        if self.secret_env and self.channel not in (*SIGNED, "webhook"):
            raise ValueError(f"a {self.channel} route has no secret of its own; all of it is in the URL")
        return self

    def wants(self, event: AlertEvent) -> bool:
        """Whether the event is for this route at all; hours and mutes come later."""
        run = "live" if event.run == "live" else "replay"
        return (
            event.kind in self.kinds
            and self.runs in (run, "all")
            and SEVERITIES.index(event.severity) >= SEVERITIES.index(self.min_severity)
            and any(fnmatchcase(event.key, pattern) for pattern in self.topics)
            and (self.updates or event.reason not in ("updated", "confirmed"))
            and (self.resolved or event.reason != "resolved")
        )

    def open_hours(self) -> Hours:
        """When it may be told."""
        return Hours.parse(self.hours, self.time_zone)
