"""The detector as a whole: closed minutes in, alert events out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from alerts.arrays import Bool, Float, Packed, pack, unpack, widen
from alerts.baseline import NEGATIVE, SLOTS_PER_HOUR, STORIES, SeasonalBaseline
from alerts.cause import cause_of
from alerts.events import AlertEvent, Count, Evidence, Observation, Severity
from alerts.evidence import EvidenceWindow
from alerts.lifecycle import AlertLifecycle, LifecycleState, Reading
from alerts.settings import DetectorSettings
from alerts.spread import Spread
from alerts.surprise import combined_surprise, count_surprise, share_surprise
from alerts.threshold import TailThreshold
from alerts.windows import RollingCounts

OVERALL = "overall"
"""Key of all topics together; while it fires, its parts are muted unless they outrank it."""

_HOUR = 60
_FORM = 1
_SHARE_BOUNDS = (0.002, 0.95)


class _Snapshot(Struct, frozen=True, kw_only=True):
    form: int
    run: str
    windows: tuple[int, ...]
    keys: tuple[str, ...]
    first: int | None
    next: int
    hour: Packed
    elevated: Packed
    baseline: dict[str, Packed]
    spread: dict[str, Packed]
    threshold: dict[str, Packed]
    rolling: dict[str, Packed]
    evidence: list[list[tuple[int, Evidence]]]
    lifecycles: list[LifecycleState]


class SurgeMonitor:
    """Detects surges of negative stories in any of its keys and follows each until it resolves.

    Pure: the events follow from the observations alone, whatever the batching, and a monitor restored from a
    snapshot goes on as the one that made it. Memory a key is constant.
    """

    def __init__(self, settings: DetectorSettings, run: str, keys: Sequence[str]) -> None:
        self._settings, self._run = settings, run
        self._hours = np.maximum(np.array(settings.windows) / _HOUR, 1.0)
        self._first: int | None = None
        self._next = 0
        self._build(tuple(keys))

    def _build(self, keys: tuple[str, ...]) -> None:
        if len(set(keys)) != len(keys):
            raise ValueError("the keys of a monitor must differ from each other")
        settings, size = self._settings, len(keys)
        self._keys = {key: column for column, key in enumerate(keys)}
        self._baseline = SeasonalBaseline(settings, size)
        self._spread = Spread(settings, size)
        self._threshold = TailThreshold(settings, size)
        self._rolling = RollingCounts(settings.windows, size)
        self._evidence = [EvidenceWindow() for _ in keys]
        self._lifecycles = [AlertLifecycle(settings, self._run, key) for key in keys]
        self._busy = np.zeros(size, dtype=bool)
        self._hour = np.zeros((SLOTS_PER_HOUR, 2, size))
        self._elevated = np.zeros(size)
        self._refresh(0)

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

    def observe(self, observation: Observation) -> list[AlertEvent]:
        """The alert events that one closed minute causes, in the order of keys.

        Minutes come in order; one that was already seen is ignored, and minutes left out were quiet.

        Raises:
            ValueError: a count is negative, or has more negative stories than stories.
        """
        for count in observation.counts:
            if not 0 <= count.negative <= count.stories:
                raise ValueError(
                    f"minute {observation.minute}, key {count.key}: {count.negative} negative of "
                    f"{count.stories} stories; need 0 <= negative <= stories"
                )
        if self._first is None:
            self._begin(observation.minute)
        if observation.minute < self._next:
            return []
        events = self._pass_quiet(observation.minute)
        events.extend(self._step(observation.minute, observation.counts))
        return events

    def snapshot(self) -> bytes:
        """All its state, for `restore`."""
        state = _Snapshot(
            form=_FORM,
            run=self._run,
            windows=self._settings.windows,
            keys=self.keys,
            first=self._first,
            next=self._next,
            hour=pack(self._hour),
            elevated=pack(self._elevated),
            baseline=self._baseline.state(),
            spread=self._spread.state(),
            threshold=self._threshold.state(),
            rolling=self._rolling.state(),
            evidence=[window.state() for window in self._evidence],
            lifecycles=[lifecycle.state for lifecycle in self._lifecycles],
        )
        return zlib.compress(msgspec.msgpack.encode(state), level=1)

    def restore(self, snapshot: bytes) -> None:
        """Become the monitor that made the snapshot.

        Raises:
            ValueError: it was made by another run, with other windows, or by another form of this program.
        """
        state = msgspec.msgpack.decode(zlib.decompress(snapshot), type=_Snapshot)
        mine = (_FORM, self._run, self._settings.windows)
        if (state.form, state.run, state.windows) != mine:
            raise ValueError(
                f"the detector's snapshot is of form {state.form}, run {state.run}, windows {state.windows}; "
                f"these settings are form {_FORM}, run {self._run}, windows {self._settings.windows}: "
                "go back to the old settings, or replay the run under a new name"
            )
        self._first, self._next = state.first, state.next
        self._build(state.keys)
        self._hour, self._elevated = unpack(state.hour), unpack(state.elevated)
        self._baseline.load(state.baseline)
        self._spread.load(state.spread)
        self._threshold.load(state.threshold)
        self._rolling.load(state.rolling)
        for window, kept in zip(self._evidence, state.evidence, strict=True):
            window.load(kept)
        for lifecycle, held in zip(self._lifecycles, state.lifecycles, strict=True):
            lifecycle.state = held
        self._busy = np.array([not lifecycle.idle for lifecycle in self._lifecycles], dtype=bool)
        self._refresh(self._next // _HOUR)

    def _begin(self, minute: int) -> None:
        self._first = self._next = minute
        self._begin_hour(minute // _HOUR)

    def _begin_hour(self, hour: int) -> None:
        self._rolling.begin_hour(self._baseline.rates(hour))
        self._refresh(hour)

    def _refresh(self, hour: int) -> None:
        """Set what follows from the baseline and holds for a whole hour."""
        self._known = self._baseline.known(hour)
        self._doubt = self._baseline.doubt(hour, self._hours)

    def _column(self, key: str) -> int:
        column = self._keys.get(key)
        if column is not None:
            return column
        column = self._keys[key] = len(self._keys)
        size = column + 1
        for part in (self._baseline, self._spread, self._threshold, self._rolling):
            part.widen(size)
        self._evidence.append(EvidenceWindow())
        self._lifecycles.append(AlertLifecycle(self._settings, self._run, key))
        self._busy = widen(self._busy, size)
        self._hour, self._elevated = widen(self._hour, size), widen(self._elevated, size)
        self._refresh(self._next // _HOUR)
        return column

    def _pass_quiet(self, until: int) -> list[AlertEvent]:
        events: list[AlertEvent] = []
        stride = self._rolling.stride
        while self._next < until:
            if self._idle():
                # Nothing can change before the next window ends; a gap of months then takes seconds.
                self._next = min(until, self._next + stride - 1 - self._next % stride)
                if self._next == until:
                    break
            events.extend(self._step(self._next, ()))
        return events

    def _idle(self) -> bool:
        if not self._rolling.empty or self._threshold.open:
            return False
        return not self._busy.any()

    def _step(self, minute: int, counts: Sequence[Count]) -> list[AlertEvent]:
        columns = [self._column(count.key) for count in counts]
        fresh = np.zeros((2, len(self._keys)), dtype=np.int64)
        for column, count in zip(columns, counts, strict=True):
            fresh[NEGATIVE, column] += count.negative
            fresh[STORIES, column] += count.stories
            self._evidence[column].add(minute, count.evidence)
        self._rolling.add(minute, fresh)
        self._hour[minute % _HOUR * SLOTS_PER_HOUR // _HOUR] += fresh
        expected = self._rolling.expected(minute)
        surprise = self._surprise(expected, fresh[NEGATIVE] > 0)
        highest = surprise.max(axis=0)
        self._threshold.watch(minute, highest)
        events = self._follow(minute, expected, surprise, highest)
        self._learn(minute, expected, highest)
        self._next = minute + 1
        return events

    def _surprise(self, expected: Float, fresh: Bool) -> Float:
        """Surprise of every window and key, shape (windows, keys).

        A surge begins with a negative story: keys without a fresh one are only looked at while they surge.
        """
        negative, total = self._rolling.sums[:, NEGATIVE], self._rolling.sums[:, STORIES]
        surprise = np.zeros(negative.shape)
        looked_at = (fresh | self._busy) & (self._known > 0)
        if not looked_at.any():
            return surprise
        normal = expected[:, NEGATIVE]
        beyond = normal + 0.5 * np.sqrt(normal)
        surging = (negative >= self._settings.min_stories) & (negative > beyond) & looked_at
        at = np.nonzero(surging)
        if at[0].size == 0:
            return surprise
        y, n, mean = negative[at].astype(np.float64), total[at].astype(np.float64), normal[at]
        share = np.clip(mean / expected[:, STORIES][at], *_SHARE_BOUNDS)
        doubt = self._doubt[at[0], :, at[1]]
        count = count_surprise(y, mean, self._spread.dispersion[at] + doubt[:, NEGATIVE])
        tone = share_surprise(y, n, share, np.minimum(self._spread.correlation[at] + doubt[:, STORIES], 0.5))
        surprise[at] = combined_surprise(count, tone, self._settings.share_weight)
        return surprise

    def _follow(self, minute: int, expected: Float, surprise: Float, highest: Float) -> list[AlertEvent]:
        ringing = highest >= self._threshold.value
        events: list[AlertEvent] = []
        if not (ringing.any() or self._busy.any()):
            return events
        overall = self._keys.get(OVERALL)
        for key, column in self._keys.items():
            lifecycle = self._lifecycles[column]
            if not (ringing[column] or self._busy[column]):
                continue
            muting = None
            if overall is not None and key != OVERALL:
                muting = self._lifecycles[overall].severity
            reading = self._reading(minute, column, expected, surprise, key == OVERALL)
            event = lifecycle.step(reading, self._evidence[column].worst, muting)
            self._busy[column] = not lifecycle.idle
            if event is not None:
                events.append(event)
        return events

    def _reading(self, minute: int, column: int, expected: Float, surprise: Float, overall: bool) -> Reading:
        window = int(surprise[:, column].argmax())
        observed = self._rolling.sums[window, :, column].astype(np.float64)
        normal = expected[window, :, column]
        return Reading(
            minute=minute,
            surprise=float(surprise[window, column]),
            surprises=tuple(zip(self._settings.windows, surprise[:, column].tolist(), strict=True)),
            threshold=float(self._threshold.value[column]),
            window_minutes=self._settings.windows[window],
            observed=int(observed[NEGATIVE]),
            expected=round(float(normal[NEGATIVE]), 3),
            observed_share=round(float(observed[NEGATIVE] / max(observed[STORIES], 1.0)), 3),
            expected_share=round(float(normal[NEGATIVE] / max(normal[STORIES], 1e-9)), 3),
            cause=cause_of(observed, normal, self._mix_share(window, expected) if overall else None),
        )

    def _mix_share(self, window: int, expected: Float) -> float | None:
        """Negative share that is normal for the topics as they came, None where there are no topics."""
        parts = [column for key, column in self._keys.items() if key != OVERALL]
        total = self._rolling.sums[window, STORIES, parts].astype(np.float64)
        if not total.any():
            return None
        normal = expected[window][:, parts]
        share = normal[NEGATIVE] / np.maximum(normal[STORIES], 1e-9)
        return float((total * share).sum() / total.sum())

    def _learn(self, minute: int, expected: Float, highest: Float) -> None:
        surging = self._busy | (highest >= self._threshold.value)
        self._elevated = np.maximum(self._elevated, surging)
        if (minute + 1) % self._rolling.stride:
            return
        for window, length in enumerate(self._settings.windows):
            if (minute + 1) % length == 0:
                self._learn_spread(window, expected[window], self._known * ~surging)
        if (minute + 1) % _HOUR == 0:
            self._close_hour(minute // _HOUR)

    def _learn_spread(self, window: int, expected: Float, ordinary: Float) -> None:
        negative, total = self._rolling.sums[window].astype(np.float64)
        share = np.clip(expected[NEGATIVE] / np.maximum(expected[STORIES], 1e-9), *_SHARE_BOUNDS)
        self._spread.learn(window, negative, total, expected[NEGATIVE], share, ordinary)

    def _close_hour(self, hour: int) -> None:
        self._threshold.close_hour(self._known)
        if self._first is not None and self._first <= hour * _HOUR:
            self._baseline.learn(hour, self._hour, self._elevated)
        self._hour, self._elevated = np.zeros_like(self._hour), np.zeros_like(self._elevated)
        for window in self._evidence:
            window.forget((hour + 1) * _HOUR - self._settings.windows[-1])
        self._begin_hour(hour + 1)
