"""Stories of the last minutes: how many there were, and how many are normal, over several windows at once."""

from __future__ import annotations

from math import gcd

import numpy as np

from alerts.arrays import Float, Int, Packed, pack, unpack, widen
from alerts.baseline import SLOTS_PER_HOUR

_HOUR = 60
_SLOT = _HOUR // SLOTS_PER_HOUR
MOST = 65_535
"""Stories of one key and minute that are counted at most: minutes are kept in 16 bits."""


class RollingCounts:
    """Sums of negative and of all stories over windows of several lengths, shape (windows, 2, keys).

    Keeps the minutes of the longest window and, for the hours they touch, the rates that were expected when
    each hour began. Memory: 4 bytes a minute of the longest window and key.
    """

    def __init__(self, windows: tuple[int, ...], keys: int) -> None:
        self._windows = np.array(windows)
        self._minutes = np.zeros((windows[-1], 2, keys), dtype=np.uint16)
        self.sums: Int = np.zeros((len(windows), 2, keys), dtype=np.int64)
        """Stories in the windows that end with the last minute."""
        self._hours = -(-windows[-1] // _HOUR) + 1
        self._rates = np.zeros((self._hours * SLOTS_PER_HOUR, 2, keys), dtype=np.float32)
        self._accumulate()
        self.stride = gcd(_HOUR, *windows)
        """Windows laid back to back end at multiples of these minutes; quiet ones between change nothing."""

    def _accumulate(self) -> None:
        """Normal stories from the first hour kept up to each slot, shape (slots + 1, 2, keys)."""
        slots = np.zeros((self._rates.shape[0] + 1, *self._rates.shape[1:]))
        slots[1:] = self._rates
        slots /= SLOTS_PER_HOUR
        self._until = np.cumsum(slots, axis=0)
        # A slot beyond the last, so that the end of the hour can be looked up like any other minute.
        self._slots = np.concatenate((slots[1:], slots[:1]))

    @property
    def empty(self) -> bool:
        """Whether no window holds a story."""
        return not self.sums[-1].any()

    def begin_hour(self, rates: Float) -> None:
        """Set the rates of the hour that begins, stories an hour in each slot, shape (slots, 2, keys)."""
        self._rates = np.concatenate((self._rates[SLOTS_PER_HOUR:], rates.astype(np.float32)))
        self._accumulate()

    def sums_with(self, minute: int, counts: Int) -> Int:
        """The sums as they will be once that minute's stories, shape (2, keys), are added."""
        sums = self.sums - self._minutes[(minute - self._windows) % self._minutes.shape[0]]
        sums += np.minimum(counts, MOST)
        return np.asarray(sums)

    def add(self, minute: int, counts: Int, sums: Int | None = None) -> None:
        """Take one minute's stories and let the windows end with it; `sums` is what `sums_with` gave."""
        self.sums = self.sums_with(minute, counts) if sums is None else sums
        self._minutes[minute % self._minutes.shape[0]] = np.minimum(counts, MOST)

    def amend(self, minute: int, last: int, counts: Int) -> Int:
        """Raise an earlier minute's stories to these, shape (2, keys); returns by how much.

        `last` is the newest minute; nothing happens to minutes that have left every window.
        """
        length = self._minutes.shape[0]
        if not last - length < minute <= last:
            return np.zeros_like(counts)
        held = self._minutes[minute % length].astype(np.int64)
        more = np.maximum(np.minimum(counts, MOST) - held, 0)
        self._minutes[minute % length] = held + more
        self.sums[minute > last - self._windows] += more
        return np.asarray(more)

    def expected(self, minute: int) -> Float:
        """Stories that are normal for the windows that end with the minute, shape (windows, 2, keys)."""
        end = _HOUR * (self._hours - 1) + minute % _HOUR + 1
        starts = end - self._windows
        slot, into = np.divmod(starts, _SLOT)
        before = self._until[slot] + self._slots[slot] * (into / _SLOT)[:, None, None]
        last, beyond = divmod(end, _SLOT)
        return np.asarray(self._until[last] + self._slots[last] * (beyond / _SLOT) - before)

    def widen(self, keys: int) -> None:
        """Add keys; they start without stories."""
        self._minutes, self.sums = widen(self._minutes, keys), widen(self.sums, keys)
        self._rates = widen(self._rates, keys)
        self._accumulate()

    def state(self) -> dict[str, Packed]:
        """Everything it knows, for a snapshot."""
        return {"minutes": pack(self._minutes), "sums": pack(self.sums), "rates": pack(self._rates)}

    def load(self, state: dict[str, Packed]) -> None:
        """Take what `state` gave."""
        self._minutes, self.sums = unpack(state["minutes"]), unpack(state["sums"])
        self._rates = unpack(state["rates"])
        self._accumulate()
