"""How far counts stray from their baseline: over-dispersion of the count and of the share, by moments."""

from __future__ import annotations

import numpy as np

from alerts.arrays import Float, Packed, pack, unpack, widen
from alerts.settings import DetectorSettings

_DISPERSION_PRIOR, _DISPERSION_WEIGHT = 0.1, 20.0
_CORRELATION_PRIOR, _CORRELATION_WEIGHT = 0.02, 40.0
"""Values before anything is known, and the squared stories they weigh."""
_DISPERSION_BOUNDS = (0.005, 2.0)
_CORRELATION_BOUNDS = (0.002, 0.3)
_REACH = 3.0
"""Standard deviations beyond which a window counts as this far only."""


class Spread:
    """Negative binomial dispersion and beta-binomial correlation, per window length and key.

    Both by the method of moments over back-to-back windows: for the count the mean of (y - m)² - m over the
    mean of m² (Breslow 1984); for the share the mean of (y - np)² - np(1 - p) over that of n(n - 1)p(1 - p)
    (Williams 1982); each mixed with a prior, exponentially forgetting. Arrays have shape (windows, keys).
    """

    def __init__(self, settings: DetectorSettings, keys: int) -> None:
        self._sums = np.zeros((4, len(settings.windows), keys))
        self._keep = [0.5 ** (w / 1440 / settings.profile_half_life_days) for w in settings.windows]
        self._stale = True

    @property
    def dispersion(self) -> Float:
        """Excess variance of the negative count over Poisson, in units of the squared mean."""
        self._estimate()
        return self._dispersion

    @property
    def correlation(self) -> Float:
        """Correlation of the tones of two stories in one window."""
        self._estimate()
        return self._correlation

    def _estimate(self) -> None:
        if not self._stale:
            return
        excess, weight, pair_excess, pair_weight = self._sums
        dispersion = (excess + _DISPERSION_PRIOR * _DISPERSION_WEIGHT) / (weight + _DISPERSION_WEIGHT)
        pair_excess = pair_excess + _CORRELATION_PRIOR * _CORRELATION_WEIGHT
        correlation = pair_excess / (pair_weight + _CORRELATION_WEIGHT)
        self._dispersion: Float = np.clip(dispersion, *_DISPERSION_BOUNDS)
        self._correlation: Float = np.clip(correlation, *_CORRELATION_BOUNDS)
        self._stale = False

    def learn(
        self, window: int, negative: Float, total: Float, expected: Float, share: Float, known: Float
    ) -> None:
        """Take one full window, number `window`; arrays of shape (keys,), `known` 0 leaves a key out."""
        variance = expected + self.dispersion[window] * expected * expected
        far = _REACH * np.sqrt(variance) + 1.0
        count_error = np.minimum(np.abs(negative - expected), far)
        binomial = total * share * (1.0 - share)
        pairs = np.maximum(total - 1.0, 0.0) * binomial
        far = _REACH * np.sqrt(binomial + self.correlation[window] * pairs) + 1.0
        share_error = np.minimum(np.abs(negative - total * share), far)
        fresh = np.stack(
            (
                count_error * count_error - expected,
                expected * expected,
                share_error * share_error - binomial,
                pairs,
            )
        )
        kept = self._sums[:, window] * self._keep[window] + fresh
        self._sums[:, window] = np.where(known > 0, kept, self._sums[:, window])
        self._stale = True

    def widen(self, keys: int) -> None:
        """Add keys; they start from the prior."""
        self._sums = widen(self._sums, keys)
        self._stale = True

    def state(self) -> dict[str, Packed]:
        """Everything it knows, for a snapshot."""
        return {"sums": pack(self._sums)}

    def load(self, state: dict[str, Packed]) -> None:
        """Take what `state` gave."""
        self._sums = unpack(state["sums"])
        self._stale = True
