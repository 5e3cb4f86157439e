"""Feed health: a source that falls silent rings an alarm of its own, and is not taken for calm."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import numpy as np
from msgspec import Struct

from alerts.cadence import Cadence, State
from alerts.events import AlertEvent, Severity
from alerts.settings import FeedSettings

KIND = "feed_silence"
ALL = "feed/all"
"""Key of the feed as a whole."""
_WHOLE = "\0all"
"""Its name among the sources; no source is called so."""
_SAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_SEVERITIES: tuple[Severity, ...] = ("watch", "warning", "critical")
_RETIRES_AFTER = 7 * 1440
_PER_DOCUMENT = 1 / math.log(10)
_STEP = 3.0
"""Surprise above the threshold at which a silence is a warning; twice that is critical."""


class _Saved(Struct):
    form: int
    cadence: State
    open: dict[str, AlertEvent]


class FeedHealth:
    """Watches the cadence of every source of a run, one closed minute after the other.

    A source rings once its silence is `silence_surprise` surprising and `silence_minutes` long, and resolves
    with its next document. While the feed as a whole is silent no single source rings. Pure: minutes in,
    events out, no clock; a snapshot goes on with the same events.
    """

    def __init__(self, settings: FeedSettings, run: str) -> None:
        self._settings, self._run = settings, run
        self._cadence = Cadence()
        self._open: dict[str, AlertEvent] = {}

    @property
    def gap(self) -> bool:
        """Whether the feed is down: as a whole, or with sources that carry most of it.

        What the last minute holds is then not what happened, and nothing is to be learnt from it.
        """
        if _WHOLE in self._open:
            return True
        places = [at for at, name in enumerate(self._cadence.names) if name in self._open]
        if not places:
            return False
        rates = self._cadence.rates()
        whole = self._cadence.names.index(_WHOLE)
        return bool(rates[places].sum() > self._settings.gap_share * rates[whole] > 0)

    @property
    def firing(self) -> dict[str, Severity]:
        """Severity of each silence that rings, by key."""
        return {event.key: event.severity for event in self._open.values()}

    @property
    def silent_for(self) -> dict[str, int]:
        """Minutes since each known source was heard, by key."""
        minute = self._cadence.minute or 0
        return {
            key_of(name): int(minute - heard)
            for name, heard in zip(self._cadence.names, self._cadence.heard, strict=True)
        }

    def observe(self, minute: int, sources: Mapping[str, int]) -> list[AlertEvent]:
        """Take in one closed minute, documents by source; returns the alert events that follow.

        `minute` counts from 1970; minutes come in order. Over a jump the sources are not silent but unheard
        of, and what is due starts anew.
        """
        last = self._cadence.minute
        if last is not None and minute <= last:
            return []
        heard = {name: count for name, count in sources.items() if name and count > 0}
        total = sum(sources.values())
        if total:
            heard[_WHOLE] = total
        if not self._settings.enabled:
            return []
        names = self._cadence.names
        silent = np.fromiter((name in self._open for name in names), bool, len(names))
        self._cadence.learn_one(minute, heard, silent)
        events = [
            self._resolve(name, minute, "is heard again") for name in sorted(heard) if name in self._open
        ]
        if any(event.key == ALL for event in events):
            # What sources did not send while the whole feed was down is no silence of their own.
            self._cadence.excuse(minute)
        return events + self._retire(minute) + self._ring(minute)

    def _retire(self, minute: int) -> list[AlertEvent]:
        """Expect no more of sources that were silent for a week."""
        events = []
        for name in sorted(self._open):
            if name != _WHOLE and minute - self._cadence.last_heard(name) >= _RETIRES_AFTER:
                self._cadence.forget(name)
                events.append(self._resolve(name, minute, "was silent for a week and is no longer expected"))
        return events

    def _ring(self, minute: int) -> list[AlertEvent]:
        # The surprise is at most that of a Poisson count, due / ln 10: mostly there is nothing to reckon.
        if self._cadence.most_due() * _PER_DOCUMENT < self._settings.silence_surprise:
            return []
        surprise = self._cadence.score_one()
        quiet = minute - self._cadence.heard
        rings = (surprise >= self._settings.silence_surprise) & (quiet >= self._settings.silence_minutes)
        if not rings.any():
            return []
        names = self._cadence.names
        places = sorted(np.flatnonzero(rings).tolist(), key=lambda at: (names[at] != _WHOLE, names[at]))
        # A feed of one source is that source; and while the feed may be down, wait which it is.
        whole = surprise[names.index(_WHOLE)]
        covered = len(names) <= 2 or _WHOLE in self._open or whole >= self._settings.silence_surprise / 2
        events = []
        for at in places:
            name = names[at]
            if name != _WHOLE and name not in self._open and (covered or _WHOLE in self._open):
                continue
            event = self._tell(
                name, minute, float(surprise[at]), float(self._cadence.due[at]), int(quiet[at])
            )
            if event is not None:
                events.append(event)
        return events

    def _tell(self, name: str, minute: int, surprise: float, due: float, quiet: int) -> AlertEvent | None:
        before = self._open.get(name)
        steps = min(int((surprise - self._settings.silence_surprise) // _STEP), 2)
        severity = _SEVERITIES[max(steps, 1 if name == _WHOLE else 0)]
        if before is not None and _SEVERITIES.index(severity) <= _SEVERITIES.index(before.severity):
            return None
        key = key_of(name)
        started = minute + 1 - quiet
        event = AlertEvent(
            id=_id(self._run, key, started) if before is None else before.id,
            seq=0 if before is None else before.seq + 1,
            run=self._run,
            key=key,
            kind=KIND,
            severity=severity,
            state="firing",
            reason="fired" if before is None else "escalated",
            started_at=_at(started),
            detected_at=_at(minute + 1) if before is None else before.detected_at,
            resolved_at=None,
            window_minutes=quiet,
            observed=0,
            expected=round(due, 3),
            observed_share=0.0,
            expected_share=0.0,
            surprise=round(surprise, 3),
            threshold=self._settings.silence_surprise,
            evidence=(),
            changed=f"{self._title(name)} has sent nothing since {_at(started):%Y-%m-%d %H:%M} UTC.",
            at=_at(minute + 1),
        )
        self._open[name] = event
        return event

    def _resolve(self, name: str, minute: int, why: str) -> AlertEvent:
        before = self._open.pop(name)
        return msgspec.structs.replace(
            before,
            seq=before.seq + 1,
            state="resolved",
            reason="resolved",
            resolved_at=_at(minute + 1),
            at=_at(minute + 1),
            changed=f"{self._title(name)} {why}.",
        )

    @staticmethod
    def _title(name: str) -> str:
        return "The feed" if name == _WHOLE else name

    def snapshot(self) -> bytes:
        """Everything it remembers."""
        return msgspec.msgpack.encode(_Saved(form=1, cadence=self._cadence.state(), open=self._open))

    def restore(self, data: bytes) -> None:
        """Go on where the snapshot was taken; ValueError where it is none of this version."""
        try:
            saved = msgspec.msgpack.decode(data, type=_Saved)
        except msgspec.MsgspecError as error:
            raise ValueError(f"the state of feed health cannot be read: {error}") from error
        self._cadence = Cadence.restore(saved.cadence)
        self._open = dict(saved.open)


def key_of(source: str) -> str:
    """Key of a source's alarms: `feed/` and its name in letters, digits and `_.-`, told apart by a hash.

    The name comes with the documents and so is hostile; a key goes into labels, commands and addresses.
    """
    if source == _WHOLE:
        return ALL
    slug = _SAFE.sub("-", source)[:40].strip("-")
    if slug == source and slug != "all":
        return f"feed/{slug}"
    return f"feed/{slug}.{hashlib.blake2b(source.encode(errors='replace'), digest_size=4).hexdigest()}"


def _id(run: str, key: str, started: int) -> str:
    return hashlib.blake2b(f"{run}\n{key}\n{started}".encode(), digest_size=8).hexdigest()


def _at(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
