"""Settings that the desk lets somebody turn, within the bounds that the detector has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.settings import DetectorSettings
from dashboards.console.views.say import Json, Say

KNOBS: Mapping[str, tuple[float, float, float]] = {
    "budget_per_week": (0.05, 100.0, 0.05),
    "min_surprise": (0.5, 50.0, 0.1),
    "min_stories": (1.0, 10_000.0, 1.0),
    "share_weight": (0.0, 1.0, 0.05),
    "warmup_days": (0.5, 90.0, 0.5),
}
"""Least, most and step of each."""


class Wrong(ValueError):  # noqa: N818 - names what is the matter
    """A knob is out of its bounds; `args[0]` names it."""


def turned(settings: DetectorSettings, values: Mapping[str, Any]) -> DetectorSettings:
    """The settings with the knobs turned; raises Wrong at a value that cannot be."""
    changes: dict[str, float | int] = {}
    for name, (least, most, _) in KNOBS.items():
        value = values.get(name, getattr(settings, name))
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise Wrong(name)
        changes[name] = int(value) if name == "min_stories" else float(value)
    return settings.model_copy(update=changes)


def positions(settings: DetectorSettings) -> dict[str, float]:
    """Where the knobs stand."""
    return {name: getattr(settings, name) for name in KNOBS}


def knob_views(say: Say) -> list[Json]:
    """The knobs as they are shown."""
    return [
        {
            "name": name,
            "label": say(f"knob_{name}"),
            "help": say(f"knob_{name}_help"),
            "min": least,
            "max": most,
            "step": step,
        }
        for name, (least, most, step) in KNOBS.items()
    ]
