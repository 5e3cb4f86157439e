"""The detector as a whole: closed minutes in, alert events out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from alerts.arrays import Packed, widen
from alerts.baseline import NEGATIVE, STORIES
from alerts.copies import Copies
from alerts.events import AlertEvent, Count, Observation, Severity
from alerts.evidence import EvidenceWindow
from alerts.keys import OVERALL, is_topic
from alerts.lifecycle import AlertLifecycle, Details, LifecycleState, Reading
from alerts.panel import HOUR, Scores, SurprisePanel
from alerts.parts import Topic, cause, decompose
from alerts.settings import DetectorSettings

_FORM = 2


class _Snapshot(Struct, frozen=True, kw_only=True):
    form: int
    run: str
    windows: tuple[int, ...]
    keys: tuple[str, ...]
    first: int | None
    next: int
    panel: dict[str, dict[str, Packed]]
    evidence: list[list[list[Any]]]
    copies: list[list[tuple[int, int, int]]]
    lifecycles: list[LifecycleState]


class SurgeMonitor:
    """Detects surges of negative stories in any of its keys and follows each until it resolves.

    Pure: the events follow from the observations alone, whatever the batching, and a monitor restored from a
    snapshot goes on as the one that made it. Memory a key is constant.
    """

    def __init__(self, settings: DetectorSettings, run: str, keys: Sequence[str]) -> None:
        self._settings, self._run = settings, run
        self._first: int | None = None
        self._next = 0
        self._build(tuple(keys))

    def _build(self, keys: tuple[str, ...]) -> None:
        if len(set(keys)) != len(keys):
            raise ValueError("the keys of a monitor must differ from each other")
        self._keys = {key: column for column, key in enumerate(keys)}
        self._panel = SurprisePanel(self._settings, keys)
        self._evidence = [EvidenceWindow() for _ in keys]
        self._copies = [Copies() for _ in keys]
        self._lifecycles = [AlertLifecycle(self._settings, self._run, key) for key in keys]
        self._busy = np.zeros(len(keys), dtype=bool)
        self.scores: Scores | None = None
        """What the newest minute meant for every key, for those who look closer; no part of a snapshot."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys it watches, in the order it came to know them."""
        return tuple(self._keys)

    @property
    def next_minute(self) -> int | None:
        """The minute it waits for; earlier ones have been seen. None before the first."""
        return None if self._first is None else self._next

    @property
    def firing(self) -> dict[str, Severity]:
        """Severity of each key whose alert fires now."""
        severities = {key: self._lifecycles[column].severity for key, column in self._keys.items()}
        return {key: severity for key, severity in severities.items() if severity is not None}

    @property
    def pending(self) -> dict[str, int]:
        """Keys above their threshold that have not rung yet, and the minute since when."""
        since = {key: self._lifecycles[column].state.pending for key, column in self._keys.items()}
        return {key: minute for key, minute in since.items() if minute is not None}

    @property
    def learning(self) -> dict[str, str]:
        """Keys that cannot ring now for want of history, and what they lack."""
        lacking = {}
        for key, column in self._keys.items():
            if days := self._panel.missing_days(column):
                lacking[key] = f"learning: {days:.1f} of {self._settings.warmup_days:g} days to come"
            elif not self._panel.known[column]:
                lacking[key] = "learning: it has not seen this hour of a weekday or weekend yet"
        return lacking

    @property
    def learning_all(self) -> bool:
        """Whether no key can ring now."""
        return not self._panel.known.any()

    def normal_rate(self, key: str) -> float:
        """Negative stories that are normal for that key in the hour that ends with the newest minute."""
        return float(self._panel.hourly(self._next - 1)[NEGATIVE, self._keys[key]])

    @property
    def thresholds(self) -> dict[str, tuple[float, float, float | None]]:
        """Of each key: the surprise from which it rings, its budget, and its alarms a week so far."""
        tail = self._panel.threshold
        return {
            key: (float(tail.value[column]), float(tail.budget[column]), tail.realised(column))
            for key, column in self._keys.items()
        }

    def observe(self, observation: Observation) -> list[AlertEvent]:
        """The alert events that one closed minute causes, in the order of keys.

        Minutes come in order; one that was already seen is ignored, and minutes left out were quiet.

        Raises:
            ValueError: a count is negative, or has more negative stories than stories.
        """
        _check(observation)
        if self._first is None:
            self._first = self._next = observation.minute
            self._panel.begin(observation.minute)
        if observation.minute < self._next:
            return []
        events = self._pass_quiet(observation.minute)
        events.extend(self._step(observation))
        return events

    def amend(self, observation: Observation) -> None:
        """Take in what late documents made of a minute that was already seen; nothing rings by it.

        Counts can only rise. Windows that still hold the minute count it, and so does an alert until it is
        confirmed.
        """
        _check(observation)
        if self._first is None or observation.minute >= self._next:
            return
        more = self._panel.amend(observation.minute, self._next - 1, self._fresh(observation.counts))
        for column in np.flatnonzero(more[STORIES]):
            lifecycle, added = self._lifecycles[column], more[:, column]
            lifecycle.amend(observation.minute, int(added[STORIES]), int(added[NEGATIVE]))

    def snapshot(self) -> bytes:
        """All its state, for `restore`."""
        state = _Snapshot(
            form=_FORM,
            run=self._run,
            windows=self._settings.windows,
            keys=self.keys,
            first=self._first,
            next=self._next,
            panel=self._panel.state(),
            evidence=[window.state() for window in self._evidence],
            copies=[copies.state() for copies in self._copies],
            lifecycles=[lifecycle.state for lifecycle in self._lifecycles],
        )
        return zlib.compress(msgspec.msgpack.encode(state), level=1)

    def restore(self, snapshot: bytes) -> None:
        """Become the monitor that made the snapshot.

        Raises:
            ValueError: it was made by another run, with other windows, or by another form of this program.
        """
        state = _read(snapshot, self._run, self._settings.windows)
        self._first, self._next = state.first, state.next
        self._build(state.keys)
        self._panel.load(state.panel, self._next // HOUR)
        for window, kept in zip(self._evidence, state.evidence, strict=True):
            window.load(kept)
        for copies, some in zip(self._copies, state.copies, strict=True):
            copies.load(some)
        for lifecycle, held in zip(self._lifecycles, state.lifecycles, strict=True):
            lifecycle.state = held
        self._busy = np.array([not lifecycle.idle for lifecycle in self._lifecycles], dtype=bool)

    def _column(self, key: str) -> int:
        column = self._keys.get(key)
        if column is not None:
            return column
        column = self._keys[key] = len(self._keys)
        self._panel.widen(self.keys, self._next // HOUR)
        self._evidence.append(EvidenceWindow())
        self._copies.append(Copies())
        self._lifecycles.append(AlertLifecycle(self._settings, self._run, key))
        self._busy = widen(self._busy, column + 1)
        return column

    def _pass_quiet(self, until: int) -> list[AlertEvent]:
        events: list[AlertEvent] = []
        stride = self._panel.rolling.stride
        while self._next < until:
            if self._panel.idle and not self._busy.any():
                # Nothing can change before the next window ends; a gap of months then takes seconds.
                self._next = min(until, self._next + stride - 1 - self._next % stride)
                if self._next == until:
                    break
            events.extend(self._step(Observation(minute=self._next)))
        return events

    def _fresh(self, counts: Sequence[Count]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        columns = [self._column(count.key) for count in counts]
        fresh = np.zeros((2, len(self._keys)), dtype=np.int64)
        for column, count in zip(columns, counts, strict=True):
            fresh[NEGATIVE, column] += count.negative
            fresh[STORIES, column] += count.stories
        return fresh

    def _step(self, observation: Observation) -> list[AlertEvent]:
        minute = observation.minute
        fresh = self._fresh(observation.counts)
        for count in observation.counts:
            column = self._keys[count.key]
            self._evidence[column].add(minute, count.evidence)
            self._copies[column].add(minute, count)
        scores = self.scores = self._panel.score(minute, fresh, self._busy)
        events = self._follow(scores, gap=observation.gap)
        surging = self._busy | (scores.highest >= self._panel.threshold.value)
        self._panel.learn(scores, surging, gap=observation.gap)
        if (minute + 1) % HOUR == 0:
            before = minute + 1 - self._settings.windows[-1]
            for stories, copies in zip(self._evidence, self._copies, strict=True):
                stories.forget(before)
                copies.forget(before)
        self._next = minute + 1
        return events

    def _follow(self, scores: Scores, *, gap: bool) -> list[AlertEvent]:
        ringing = scores.highest >= self._panel.threshold.value
        events: list[AlertEvent] = []
        if not (ringing.any() or self._busy.any()):
            return events
        overall = self._keys.get(OVERALL)
        for key, column in self._keys.items():
            lifecycle = self._lifecycles[column]
            if not (ringing[column] or self._busy[column]):
                continue
            # A watchlist was asked for by name: it rings beside everything's own alarm.
            covered = overall is not None and is_topic(key)
            cover = self._lifecycles[overall].severity if overall is not None and covered else None
            covers = self._surging(ringing) if key == OVERALL else ()
            reading = self._reading(scores, column, covers, gap=gap)
            event = lifecycle.step(reading, partial(self._details, scores, column), cover)
            self._busy[column] = not lifecycle.idle
            if event is not None:
                events.append(event)
                if event.reason == "fired":
                    self._panel.threshold.rang(column)
        return events

    def _surging(self, ringing: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[str, ...]:
        """Topics that surge now: what an overall alert covers."""
        return tuple(
            key
            for key, column in self._keys.items()
            if is_topic(key) and (ringing[column] or self._lifecycles[column].state.open is not None)
        )

    def _reading(self, scores: Scores, column: int, covers: tuple[str, ...], *, gap: bool) -> Reading:
        surprise = scores.surprise[:, column]
        window = int(surprise.argmax())
        negative, stories = scores.sums[window, :, column].tolist()
        normal_negative, normal = scores.expected[window, :, column].tolist()
        tail = self._panel.threshold
        return Reading(
            minute=scores.minute,
            surprise=float(surprise[window]),
            surprises=tuple(zip(self._settings.windows, surprise.tolist(), strict=True)),
            threshold=float(tail.value[column]),
            window_minutes=self._settings.windows[window],
            observed=negative,
            expected=round(normal_negative, 3),
            observed_share=round(negative / max(stories, 1), 3),
            expected_share=round(normal_negative / max(normal, 1e-9), 3),
            gap=gap,
            budget_per_week=float(tail.budget[column]),
            realised_per_week=tail.realised(column),
            covers=covers,
        )

    def _details(self, scores: Scores, column: int) -> Details:
        surprise = scores.surprise[:, column]
        window = int(surprise.argmax())
        length = self._settings.windows[window]
        negative, stories = scores.sums[window, :, column].tolist()
        normal = scores.expected[window, :, column].tolist()
        overall = column == self._keys.get(OVERALL)
        topics = self._topics(scores, window) if overall else ()
        parts = decompose(negative, stories, round(normal[NEGATIVE], 3), normal[STORIES], topics)
        copies, capped = self._copies[column].since(scores.minute + 1 - length)
        without = self._panel.without_one(scores, column).tolist()
        return Details(
            evidence=self._evidence[column].moved_most(
                scores.minute, self._settings.windows, surprise.tolist(), without
            ),
            parts=parts,
            cause=cause(parts),
            interval=self._panel.interval(scores, window, column),
            documents=negative + copies,
            capped=capped,
        )

    def _topics(self, scores: Scores, window: int) -> list[Topic]:
        parts = []
        for key, column in self._keys.items():
            if is_topic(key) and scores.sums[window, STORIES, column]:
                normal = scores.expected[window, :, column]
                share = float(normal[NEGATIVE] / max(normal[STORIES], 1e-9))
                parts.append(Topic(float(scores.sums[window, STORIES, column]), share))
        return parts


def _check(observation: Observation) -> None:
    for count in observation.counts:
        if not 0 <= count.negative <= count.stories:
            raise ValueError(
                f"minute {observation.minute}, key {count.key}: {count.negative} negative of "
                f"{count.stories} stories; need 0 <= negative <= stories"
            )


def _read(snapshot: bytes, run: str, windows: tuple[int, ...]) -> _Snapshot:
    try:
        state = msgspec.msgpack.decode(zlib.decompress(snapshot), type=_Snapshot)
    except msgspec.ValidationError as error:
        raise ValueError(f"the detector's snapshot is of another form ({error}): replay the run") from error
    if (state.form, state.run, state.windows) != (_FORM, run, windows):
        raise ValueError(
            f"the detector's snapshot is of form {state.form}, run {state.run}, windows {state.windows}; "
            f"these settings are form {_FORM}, run {run}, windows {windows}: "
            "go back to the old settings, or replay the run under a new name"
        )
    return state
