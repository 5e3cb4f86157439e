"""One measured figure and what it must reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from pipeline.settings import Settings

Measure = Callable[[Path, Settings, int, Console], "list[Bar]"]
"""From the data folder, the settings, how many trials and where progress goes."""


@dataclass(frozen=True)
class Bar:
    """A figure beside its bar; `ok` is None where there is none, or where the data cannot tell."""

    name: str
    shown: str
    asked: str = ""
    ok: bool | None = None
    note: str = ""


def at_most(name: str, value: float, limit: float, note: str = "", form: str = ".2f") -> Bar:
    """A figure that must not exceed its bar."""
    return Bar(name, format(value, form), f"≤ {limit:g}", value <= limit, note)


def at_least(name: str, value: float, limit: float, note: str = "", form: str = ".2f") -> Bar:
    """A figure that must reach its bar."""
    return Bar(name, format(value, form), f"≥ {limit:g}", value >= limit, note)
