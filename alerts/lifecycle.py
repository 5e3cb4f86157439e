"""One key's alert from firing to resolved, without flapping."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from alerts.events import AlertEvent, Evidence, Severity
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
    cause: str


class Open(Struct, kw_only=True):
    """A surge that has not resolved."""

    reach: int
    """Window that rang first; longer ones remember the surge when it is over and do not hold it open."""
    alert: AlertEvent
    """As it stands: last `seq` sent, figures and evidence of its peak."""
    muted: bool
    """Nothing was sent: a surge of everything covers it."""
    sent: int
    """Minute of the last event, and what it said."""
    sent_severity: Severity
    sent_surprise: float
    last_high: int
    """Last minute at which the surprise was not low."""


class LifecycleState(Struct, kw_only=True):
    """All that one key's lifecycle remembers."""

    open: Open | None = None
    resolved: int | None = None
    """Minute at which the last alert resolved."""
    resolved_peak: float = 0.0
    armed: bool = True
    """Whether the surprise has been low in every window since then."""


class AlertLifecycle:
    """Turns readings of one key, in order of minutes, into the events of its alerts.

    Fires at the threshold; is a warning one `severity_step` above it and critical two; resolves once the
    surprise has stayed below `clear_ratio` x threshold for `quiet_minutes` (hysteresis) in the windows up to
    the one that rang; after that, only a greater surge rings until the surprise was low in every window and
    `cooldown_minutes` have passed. A muted surge is silent unless it outranks its cover.
    """

    def __init__(self, settings: DetectorSettings, run: str, key: str) -> None:
        self._settings, self._run, self._key = settings, run, key
        self.state = LifecycleState()

    @property
    def idle(self) -> bool:
        """Whether a surprise of 0 would change nothing."""
        return self.state.open is None and self.state.armed

    @property
    def severity(self) -> Severity | None:
        """Severity of the alert that is firing, None where none is (or only a muted one)."""
        current = self.state.open
        return None if current is None or current.muted else current.alert.severity

    def step(
        self,
        reading: Reading,
        evidence: Callable[[int], tuple[Evidence, ...]],
        muting: Severity | None = None,
    ) -> AlertEvent | None:
        """The event that this reading causes, if any.

        `evidence(since)` gives the stories from that minute on; `muting` is the severity of the alert that
        covers this key, if there is one.
        """
        current = self.state.open
        low = self._settings.clear_ratio * reading.threshold
        if current is None:
            self.state.armed = self.state.armed or reading.surprise < low
            return self._fire(reading, evidence, muting) if self._may_fire(reading) else None
        if reading.surprise > current.alert.surprise:
            current.alert = self._describe(current.alert, reading, evidence)
        if max(surprise for window, surprise in reading.surprises if window <= current.reach) >= low:
            current.last_high = reading.minute
        elif reading.minute - current.last_high >= self._settings.quiet_minutes:
            return self._resolve(current, reading)
        return self._grow(current, reading, muting)

    def _may_fire(self, reading: Reading) -> bool:
        if reading.surprise < reading.threshold:
            return False
        resolved = self.state.resolved
        cooling = resolved is not None and reading.minute - resolved <= self._settings.cooldown_minutes
        return (self.state.armed and not cooling) or reading.surprise > self.state.resolved_peak

    def _fire(
        self, reading: Reading, evidence: Callable[[int], tuple[Evidence, ...]], muting: Severity | None
    ) -> AlertEvent | None:
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
        )
        alert = self._describe(blank, reading, evidence)
        muted = muting is not None and rank(alert.severity) <= rank(muting)
        self.state.open = Open(
            reach=reading.window_minutes,
            alert=alert,
            muted=muted,
            sent=reading.minute,
            sent_severity=alert.severity,
            sent_surprise=alert.surprise,
            last_high=reading.minute,
        )
        return None if muted else alert

    def _describe(
        self, alert: AlertEvent, reading: Reading, evidence: Callable[[int], tuple[Evidence, ...]]
    ) -> AlertEvent:
        """The alert with the figures of a new peak; severity never falls."""
        above = reading.surprise - reading.threshold
        steps = min(max(int(above // self._settings.severity_step), 0), 2)
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
            evidence=evidence(reading.minute + 1 - reading.window_minutes),
            cause=reading.cause,
        )

    def _grow(self, current: Open, reading: Reading, muting: Severity | None) -> AlertEvent | None:
        alert = current.alert
        if current.muted:
            covered = muting is not None and rank(alert.severity) <= rank(muting)
            if covered or reading.surprise < reading.threshold:
                return None
            current.muted = False
            current.alert = msgspec.structs.replace(alert, detected_at=at(reading.minute + 1))
            return self._send(current, reading, current.alert)
        if alert.severity != current.sent_severity:
            return self._send(current, reading, self._next(alert, "escalated"))
        due = reading.minute - current.sent >= self._settings.update_minutes
        if due and alert.surprise > current.sent_surprise:
            return self._send(current, reading, self._next(alert, "updated"))
        return None

    def _resolve(self, current: Open, reading: Reading) -> AlertEvent | None:
        self.state = LifecycleState(
            resolved=reading.minute, resolved_peak=current.alert.surprise, armed=False
        )
        if current.muted:
            return None
        resolved = self._next(current.alert, "resolved")
        return msgspec.structs.replace(resolved, state="resolved", resolved_at=at(reading.minute + 1))

    @staticmethod
    def _next(alert: AlertEvent, reason: str) -> AlertEvent:
        return msgspec.structs.replace(alert, seq=alert.seq + 1, reason=reason)

    @staticmethod
    def _send(current: Open, reading: Reading, event: AlertEvent) -> AlertEvent:
        current.alert = event
        current.sent, current.sent_severity = reading.minute, event.severity
        current.sent_surprise = event.surprise
        return event
