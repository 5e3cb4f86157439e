"""Stories of the last minutes: how many there were, and how many are normal, over several windows at once."""

from __future__ import annotations

from math import gcd

import numpy as np

from alerts.arrays import Float, Int, Packed, pack, unpack, widen
from alerts.baseline import SLOTS_PER_HOUR

_HOUR = 60


class RollingCounts:
    """Sums of negative and of all stories over windows of several lengths, shape (windows, 2, keys).

    Keeps the minutes of the longest window and, for the hours they touch, the rates that were expected when
    each hour began.
    """

    def __init__(self, windows: tuple[int, ...], keys: int) -> None:
        self._windows = np.array(windows)
        self._minutes = np.zeros((windows[-1], 2, keys), dtype=np.int32)
        self.sums: Int = np.zeros((len(windows), 2, keys), dtype=np.int64)
        """Stories in the windows that end with the last minute."""
        self._hours = -(-windows[-1] // _HOUR) + 1
        self._rates = np.zeros((self._hours * SLOTS_PER_HOUR, 2, keys))
        self._weights = self._overlaps()
        self._expected = self._expect()
        self.stride = gcd(_HOUR, *windows)
        """Windows laid back to back end at multiples of these minutes; quiet ones between change nothing."""

    def _overlaps(self) -> Float:
        """Hours of each slot in the windows that end with each minute of an hour, (slots, 60, windows)."""
        slot = _HOUR // SLOTS_PER_HOUR
        first = slot * np.arange(self._rates.shape[0])[:, None, None] - _HOUR * (self._hours - 1)
        end = np.arange(1, _HOUR + 1)[None, :, None]
        shared = np.minimum(end, first + slot) - np.maximum(end - self._windows[None, None, :], first)
        return np.asarray(np.maximum(shared, 0) / _HOUR)

    def _expect(self) -> Float:
        """Normal stories at every minute of this hour, shape (60, windows, 2, keys)."""
        # Added slot by slot: the order of a sum, and so its last bit, must not depend on the machine.
        total = np.zeros((*self._weights.shape[1:], *self._rates.shape[1:]))
        for weight, rate in zip(self._weights, self._rates, strict=True):
            total += weight[:, :, None, None] * rate
        return total

    @property
    def empty(self) -> bool:
        """Whether no window holds a story."""
        return not self.sums[-1].any()

    def begin_hour(self, rates: Float) -> None:
        """Set the rates of the hour that begins, stories an hour in each slot, shape (slots, 2, keys)."""
        self._rates = np.concatenate((self._rates[SLOTS_PER_HOUR:], rates))
        self._expected = self._expect()

    def add(self, minute: int, counts: Int) -> None:
        """Take one minute's stories, shape (2, keys), and let the windows end with it."""
        length = self._minutes.shape[0]
        self.sums += counts - self._minutes[(minute - self._windows) % length]
        self._minutes[minute % length] = counts

    def expected(self, minute: int) -> Float:
        """Stories that are normal for the windows that end with the minute, shape (windows, 2, keys)."""
        return np.asarray(self._expected[minute % _HOUR])

    def widen(self, keys: int) -> None:
        """Add keys; they start without stories."""
        self._minutes, self.sums = widen(self._minutes, keys), widen(self.sums, keys)
        self._rates = widen(self._rates, keys)
        self._expected = self._expect()

    def state(self) -> dict[str, Packed]:
        """Everything it knows, for a snapshot."""
        return {"minutes": pack(self._minutes), "sums": pack(self.sums), "rates": pack(self._rates)}

    def load(self, state: dict[str, Packed]) -> None:
        """Take what `state` gave."""
        self._minutes, self.sums = unpack(state["minutes"]), unpack(state["sums"])
        self._rates = unpack(state["rates"])
        self._expected = self._expect()
