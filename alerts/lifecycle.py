"""One key's alert from firing to resolved, without flapping."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from alerts.changes import what_changed
from alerts.events import AlertEvent, Evidence, Parts, Severity
from alerts.settings import DetectorSettings

KIND = "negative_surge"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEVERITIES: tuple[Severity, ...] = ("watch", "warning", "critical")


def at(minute: int) -> datetime:
    """Start of that minute since 1970, UTC."""
    return _EPOCH + timedelta(minutes=minute)


def rank(severity: Severity) -> int:
    """0 for watch, 1 for warning, 2 for critical."""
    return _SEVERITIES.index(severity)


class Reading(Struct, frozen=True, kw_only=True):
    """What the detector measured for one key at the end of one minute."""

    minute: int
    surprise: float
    threshold: float
    surprises: tuple[tuple[int, float], ...]
    """Surprise of every window, by its length in minutes."""
    window_minutes: int
    """Window with the greatest surprise."""
    observed: int
    expected: float
    observed_share: float
    expected_share: float
    gap: bool = False
    """The feed was down: a low surprise says nothing."""
    budget_per_week: float = 0.0
    realised_per_week: float | None = None
    covers: tuple[str, ...] = ()
    """Keys that surge at the same time and are covered by this one."""


class Details(Struct, frozen=True, kw_only=True):
    """What an alert says besides its figures; it is only asked for when an alert has a new peak."""

    evidence: tuple[Evidence, ...] = ()
    parts: Parts = Parts()
    cause: str = ""
    interval: tuple[float, float] = (0.0, 0.0)
    documents: int = 0
    capped: int = 0


class Open(Struct, kw_only=True):
    """A surge that has not resolved."""

    reach: int
    """Window that rang first; longer ones remember the surge when it is over and do not hold it open."""
    alert: AlertEvent
    """As it stands: last `seq` sent, figures and evidence of its peak."""
    muted: bool
    """Nothing was sent: a surge of everything covers it."""
    told: AlertEvent
    """The last event that was sent, or would have been."""
    sent: int
    """Minute of that event."""
    peak: int
    """Minute that the figures are of."""
    last_high: int
    """Last minute at which the surprise was not low."""
    late: int = 0
    """Negative stories that came late into the window since the last event."""


class LifecycleState(Struct, kw_only=True):
    """All that one key's lifecycle remembers."""

    open: Open | None = None
    pending: int | None = None
    """First of the minutes since which it has been above the threshold without ringing."""
    resolved: int | None = None
    """Minute at which the last alert resolved."""
    resolved_peak: float = 0.0
    armed: bool = True
    """Whether the surprise has been low in every window since then."""


Describe = Callable[[], Details]


class AlertLifecycle:
    """Turns readings of one key, in order of minutes, into the events of its alerts.

    A surge is pending until it has lasted `pending_minutes`, then fires (at once where it is a warning from
    the start); is a warning one `severity_step` above the threshold and critical two; is confirmed
    `confirm_minutes` after its figures last changed; resolves once the surprise has stayed below
    `clear_ratio` x threshold for `quiet_minutes` (hysteresis) in the windows up to the one that rang. After
    that, only a greater surge rings until the surprise was low in every window and `cooldown_minutes` have
    passed. A muted surge is silent unless it outranks its cover.
    """

    def __init__(self, settings: DetectorSettings, run: str, key: str) -> None:
        self._settings, self._run, self._key = settings, run, key
        self.state = LifecycleState()

    @property
    def idle(self) -> bool:
        """Whether a surprise of 0 would change nothing."""
        return self.state.open is None and self.state.armed and self.state.pending is None

    @property
    def severity(self) -> Severity | None:
        """Severity of the alert that is firing, None where none is (or only a muted one)."""
        current = self.state.open
        return None if current is None or current.muted else current.alert.severity

    def step(self, reading: Reading, describe: Describe, muting: Severity | None = None) -> AlertEvent | None:
        """The event that this reading causes, if any.

        `describe()` tells the rest of this reading; `muting` is the severity of the alert that covers this
        key, if there is one.
        """
        current = self.state.open
        low = self._settings.clear_ratio * reading.threshold
        if current is None:
            self.state.armed = self.state.armed or (reading.surprise < low and not reading.gap)
            return self._fire(reading, describe, muting) if self._may_fire(reading) else None
        if reading.surprise > current.alert.surprise:
            current.alert = self._describe(current.alert, reading, describe)
            current.peak = reading.minute
        within = max(surprise for window, surprise in reading.surprises if window <= current.reach)
        if within >= low or reading.gap:
            current.last_high = reading.minute
        elif reading.minute - current.last_high >= self._settings.quiet_minutes:
            return self._resolve(current, reading)
        return self._grow(current, reading, within, muting)

    def amend(self, minute: int, stories: int, negative: int) -> None:
        """Count late stories of that minute into an alert that is not confirmed, if its window holds it."""
        current = self.state.open
        if current is None:
            return
        alert = current.alert
        if not alert.provisional or not current.peak - alert.window_minutes < minute <= current.peak:
            return
        total = alert.observed / alert.observed_share if alert.observed_share > 0 else float(alert.observed)
        observed = alert.observed + negative
        current.late += negative
        parts = msgspec.structs.replace(alert.parts, worse_tone=round(alert.parts.worse_tone + negative, 3))
        current.alert = msgspec.structs.replace(
            alert,
            observed=observed,
            observed_share=round(observed / max(total + stories, 1.0), 3),
            documents=alert.documents + negative if alert.documents else 0,
            parts=parts,
        )

    def _may_fire(self, reading: Reading) -> bool:
        state = self.state
        if reading.surprise < reading.threshold:
            if not reading.gap:
                state.pending = None
            return False
        cooling = (
            state.resolved is not None and reading.minute - state.resolved <= self._settings.cooldown_minutes
        )
        if not ((state.armed and not cooling) or reading.surprise > state.resolved_peak):
            state.pending = None
            return False
        if state.pending is None:
            state.pending = reading.minute
        lasting = reading.minute - state.pending >= self._settings.pending_minutes
        return lasting or reading.surprise >= reading.threshold + self._settings.severity_step

    def _fire(self, reading: Reading, describe: Describe, muting: Severity | None) -> AlertEvent | None:
        # A window may reach back into the alert before; two alerts of a key never start at the same minute.
        before = -1 if self.state.resolved is None else self.state.resolved
        started = max(reading.minute + 1 - reading.window_minutes, before + 1)
        name = f"{self._run}\n{self._key}\n{started}".encode()
        blank = AlertEvent(
            id=hashlib.blake2b(name, digest_size=8).hexdigest(),
            seq=0,
            run=self._run,
            key=self._key,
            kind=KIND,
            severity="watch",
            state="firing",
            reason="fired",
            started_at=at(started),
            detected_at=at(reading.minute + 1),
            resolved_at=None,
            window_minutes=0,
            observed=0,
            expected=0.0,
            observed_share=0.0,
            expected_share=0.0,
            surprise=0.0,
            threshold=reading.threshold,
            evidence=(),
            budget_per_week=reading.budget_per_week,
        )
        alert = self._describe(blank, reading, describe)
        alert = msgspec.structs.replace(
            alert, provisional=self._settings.confirm_minutes > 0, **_moment(reading)
        )
        self.state.pending = None
        self.state.open = Open(
            reach=reading.window_minutes,
            alert=alert,
            muted=muting is not None and rank(alert.severity) <= rank(muting),
            told=alert,
            sent=reading.minute,
            peak=reading.minute,
            last_high=reading.minute,
        )
        return None if self.state.open.muted else alert

    def _describe(self, alert: AlertEvent, reading: Reading, describe: Describe) -> AlertEvent:
        """The alert with the figures of a new peak; severity never falls."""
        above = reading.surprise - reading.threshold
        steps = min(max(int(above // self._settings.severity_step), 0), 2)
        details = describe()
        ringing = [window for window, surprise in reading.surprises if surprise >= reading.threshold]
        return msgspec.structs.replace(
            alert,
            severity=_SEVERITIES[max(steps, rank(alert.severity))],
            window_minutes=reading.window_minutes,
            observed=reading.observed,
            expected=reading.expected,
            observed_share=reading.observed_share,
            expected_share=reading.expected_share,
            surprise=reading.surprise,
            threshold=reading.threshold,
            evidence=details.evidence,
            cause=details.cause,
            parts=details.parts,
            expected_low=details.interval[0],
            expected_high=details.interval[1],
            documents=details.documents,
            capped=details.capped,
            scales=tuple(ringing) or alert.scales,
        )

    def _grow(
        self, current: Open, reading: Reading, within: float, muting: Severity | None
    ) -> AlertEvent | None:
        alert, told = current.alert, current.told
        covered = muting is not None and rank(alert.severity) <= rank(muting)
        if current.muted:
            if covered or within < reading.threshold:
                return None
            current.muted = False
            current.alert = msgspec.structs.replace(alert, detected_at=at(reading.minute + 1))
            return self._send(current, reading, "fired")
        if not covered and alert.severity != told.severity:
            return self._send(current, reading, "escalated")
        since = reading.minute - current.sent
        grown = alert.surprise > told.surprise
        if not covered and grown and since >= self._settings.update_minutes:
            return self._send(current, reading, "updated")
        if told.provisional and since >= self._settings.confirm_minutes:
            return self._send(current, reading, "confirmed")
        return None

    def _resolve(self, current: Open, reading: Reading) -> AlertEvent | None:
        self.state = LifecycleState(
            resolved=reading.minute, resolved_peak=current.alert.surprise, armed=False
        )
        if current.muted:
            return None
        current.alert = msgspec.structs.replace(
            current.alert, state="resolved", resolved_at=at(reading.minute + 1)
        )
        return self._send(current, reading, "resolved")

    def _send(self, current: Open, reading: Reading, reason: str) -> AlertEvent:
        """Let the alert as it stands be the next event."""
        first = reason == "fired"
        figures = reason in ("fired", "escalated", "updated")
        event = msgspec.structs.replace(
            current.alert,
            seq=current.alert.seq if first else current.alert.seq + 1,
            reason=reason,
            provisional=figures and self._settings.confirm_minutes > 0,
            **_moment(reading),
        )
        if not first:
            event = msgspec.structs.replace(event, changed=what_changed(current.told, event, current.late))
        current.alert = current.told = event
        current.sent, current.late = reading.minute, 0
        return event


def _moment(reading: Reading) -> dict[str, Any]:
    """What an event says of the minute in which it came about."""
    return {
        "at": at(reading.minute + 1),
        "covers": reading.covers,
        "realised_per_week": reading.realised_per_week,
    }
