"""The price of an alert budget: false alarms a week against surges found and how soon, from trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from msgspec import Struct

from alerts.trials import Outcome, Past, Surge

LEVELS = tuple(round(1.5 + 0.25 * step, 2) for step in range(23))
"""Thresholds on the surprise for which the price is told: 1.5 to 7."""


class Found(Struct, frozen=True, kw_only=True):
    """What became of surges of one size at one threshold."""

    factor: float
    """How many times the normal rate."""
    minutes: int
    trials: int
    share: float
    """Part of them that was found while it lasted."""
    median_delay: float | None
    """Minutes from the start of the surge, over those that were found."""


class Price(Struct, frozen=True, kw_only=True):
    """One point of the curve."""

    threshold: float
    false_per_week: float
    """Alarms a week and key in the history, in the mean over the keys."""
    worst_key: str
    """Key with the most."""
    worst_per_week: float
    found: tuple[Found, ...]


class Realised(Struct, frozen=True, kw_only=True):
    """What one key really did under the settings."""

    key: str
    budget_per_week: float
    alarms: int
    per_week: float
    threshold: float
    """From which surprise it rings at the end of the history."""


class Tradeoff(Struct, frozen=True, kw_only=True):
    """The curve, and what the settings in force made of the history."""

    weeks: float
    """Weeks of history in which keys were watched."""
    prices: tuple[Price, ...]
    realised: tuple[Realised, ...]

    def at_budget(self, per_week: float) -> Price:
        """The cheapest point that keeps to so many false alarms a week and key, else the strictest."""
        kept = [price for price in self.prices if price.false_per_week <= per_week]
        return kept[0] if kept else self.prices[-1]


def tradeoff(
    past: Past,
    outcomes: Sequence[Outcome],
    keys: Sequence[str],
    budget: Callable[[str], float],
    excluded: Callable[[int], bool] = lambda _: False,
    levels: Sequence[float] = LEVELS,
) -> Tradeoff:
    """The curve over `levels`; every peak of the history counts as false but those of `excluded` minutes."""
    surges = sorted({outcome.surge for outcome in outcomes}, key=lambda s: (s.minutes, s.factor))
    alarms = dict.fromkeys(keys, 0)
    for event in past.alerts:
        if event.at is None or not excluded(int(event.at.timestamp()) // 60 - 1):
            alarms[event.key] = alarms.get(event.key, 0) + 1
    weeks = past.weeks
    return Tradeoff(
        weeks=round(weeks, 2),
        prices=tuple(_price(past, outcomes, keys, surges, level, excluded) for level in levels),
        realised=tuple(
            Realised(
                key=key,
                budget_per_week=budget(key),
                alarms=alarms[key],
                per_week=round(alarms[key] / weeks, 3) if weeks else 0.0,
                threshold=past.thresholds.get(key, 0.0),
            )
            for key in keys
        ),
    )


def _price(
    past: Past,
    outcomes: Sequence[Outcome],
    keys: Sequence[str],
    surges: Sequence[Surge],
    level: float,
    excluded: Callable[[int], bool],
) -> Price:
    rates = {key: past.false_per_week(key, level, excluded) for key in keys}
    worst = max(rates, key=lambda key: rates[key])
    return Price(
        threshold=level,
        false_per_week=round(sum(rates.values()) / len(rates), 3),
        worst_key=worst,
        worst_per_week=round(rates[worst], 3),
        found=tuple(
            found([each for each in outcomes if each.surge == surge], surge, level) for surge in surges
        ),
    )


def found(outcomes: Sequence[Outcome], surge: Surge, level: float | None = None) -> Found:
    """What became of those surges: at that level, or by the alerts that really rang where there is none."""
    delays = [outcome.rang if level is None else outcome.delay(level) for outcome in outcomes]
    reached = [delay for delay in delays if delay is not None]
    return Found(
        factor=surge.factor,
        minutes=surge.minutes,
        trials=len(outcomes),
        share=round(len(reached) / len(outcomes), 3) if outcomes else 0.0,
        median_delay=float(median(reached)) if reached else None,
    )
