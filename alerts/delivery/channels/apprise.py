"""Slack, Teams, Telegram, e-mail, PagerDuty and the rest that Apprise (extra `notify`) knows."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from alerts.delivery.message import Message
from alerts.delivery.render import HTML, MARKDOWN, PLAIN, Dialect, plain_text, render
from alerts.delivery.schedule import Delivered, Outcome, Refused, Retry
from alerts.delivery.text import line
from alerts.routes import Channel

SCHEMES: dict[Channel, tuple[str, ...]] = {
    "slack": ("slack",),
    "teams": ("workflow", "workflows"),
    "telegram": ("tgram",),
    "email": ("mailto", "mailtos"),
    "pagerduty": ("pagerduty",),
}
"""What the URL of a channel begins with, as Apprise writes it."""

_FORMS: dict[Channel, tuple[Dialect, str, int]] = {
    "slack": (MARKDOWN, "markdown", 2_800),
    "teams": (MARKDOWN, "markdown", 12_000),
    "telegram": (MARKDOWN, "markdown", 3_500),
    "email": (HTML, "html", 100_000),
    "pagerduty": (PLAIN, "text", 800),
    "apprise": (PLAIN, "text", 1_500),
}
"""Markup, its name at Apprise, and bytes of text that have room."""
_PICTURES: frozenset[Channel] = frozenset({"email", "telegram"})
_STATUS = re.compile(r"error=(\d{3})")
_TRY_AGAIN = (408, 425, 429)


class MissingExtraError(RuntimeError):
    """Apprise is not installed."""


class AppriseChannel:
    """Sends to one Apprise URL. Errors name the status alone, as its messages may hold parts of the URL."""

    def __init__(self, channel: Channel, url: str, timeout: float) -> None:
        """Raise ValueError where Apprise cannot read `url`, or it is of another channel."""
        self._channel, self._url, self._timeout = channel, url, timeout
        self._service(url)

    def tell(self, message: Message, now: datetime, key: str, picture: bytes | None = None) -> Outcome:
        """Send once; `key` names the incident where the channel keeps some."""
        import apprise
        from apprise.attachment.memory import AttachMemory

        dialect, form, limit = _FORMS[self._channel]
        text = render(message, dialect, limit)
        url = self._url
        if self._channel == "pagerduty":
            url += f"{'&' if '?' in url else '?'}action=map&dedup={quote(key, safe='')}"
        attach = None
        if picture is not None and self._channel in _PICTURES:
            attach = AttachMemory(picture, name="alert.png", mimetype="image/png")  # type: ignore[no-untyped-call]
        sender = apprise.Apprise(asset=self._asset())
        sender.add(self._service(url))
        result = sender.notify(
            body=text,
            title=plain_text(message.title),
            notify_type=_kind(message),
            body_format=form,
            attach=attach,
            interpret_escapes=False,
        )
        return Delivered() if result else _trouble(self._channel, result)

    def _asset(self) -> Any:
        import apprise

        return apprise.AppriseAsset(
            app_id="Tocsin",
            app_desc="Tocsin",
            app_url="",
            # Else every message would load pictures from the net.
            image_url_mask="",
            image_url_logo="",
            async_mode=False,
            secure_logging=True,
            service_timeout=3 * self._timeout,
        )

    def _service(self, url: str) -> Any:
        try:
            import apprise
        except ImportError as error:
            raise MissingExtraError("needs Apprise: pip install 'tocsin[notify]'") from error
        service = apprise.Apprise.instantiate(url, asset=self._asset())
        if service is None:
            raise ValueError("Apprise cannot read it; https://appriseit.com/services/ has the forms")
        wanted = SCHEMES.get(self._channel)
        schemes = {*_words(service.protocol), *_words(service.secure_protocol)}
        if wanted is not None and not schemes & set(wanted):
            raise ValueError(f"a {self._channel} route wants a URL that begins with {wanted[0]}://")
        return service


def _words(protocol: Any) -> tuple[str, ...]:
    if protocol is None:
        return ()
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _kind(message: Message) -> str:
    if message.over:
        return "success"
    return {"watch": "info", "warning": "warning", "critical": "failure"}[message.severity]


def _trouble(channel: Channel, result: Any) -> Outcome:
    """What Apprise's log says of a failure, as far as it may be shown."""
    said = " ".join(str(entry.message) for entry in result.logs())
    found = _STATUS.search(said)
    if found is None:
        return Retry(f"{channel} cannot be reached, or did not take it", unreachable=True)
    status = int(found[1])
    reason = line(f"{channel} answered {status}", 100)
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        return Refused(reason)
    return Retry(reason, after=60.0 if status == 429 else None)
