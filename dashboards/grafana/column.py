"""How one column of a query is shown: its name for people, unit, colours, link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import (
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)

Steps = Sequence[tuple[float | None, str]]
"""Colours by the value from which each holds; the first from minus infinity (None)."""
Words = Mapping[str, tuple[str, str | None]]
"""What a value is called, and its colour."""


def thresholds(steps: Steps) -> build.ThresholdsConfig:
    """Steps as the schema has them."""
    told = [Threshold(value=value, color=color) for value, color in steps]
    return build.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(told)


@dataclass(frozen=True)
class Column:
    """One column of a result, by the name that the query gives it."""

    name: str
    title: str = ""
    unit: str | None = None
    """Grafana's id of the unit, such as `percentunit`, `s`, `short`."""
    decimals: int | None = None
    color: str | None = None
    """Fixed colour of its line or bar."""
    steps: Steps | None = None
    """Colours by value; in a table they fill the cell."""
    words: Words | None = None
    """Names and colours of values that are words."""
    link: tuple[str, str] | None = None
    """Title and URL that a click on the cell leads to."""
    external: bool = False
    """Whether `link` leaves Grafana: it opens in a tab of its own."""
    width: int | None = None
    """Pixels; without it, what is left over."""
    hidden: bool = False
    """There for links of other columns alone."""
    wrap: bool = False
    """Long text in several lines."""
    line: Literal["dash", "thin"] | None = None
    """A dashed line, for what is expected, or a thin one, for the bound of an interval."""
    axis: Literal["left", "right"] | None = None
    """Which axis its line is read at."""
    fill_to: str | None = None
    """Name of the column below, down to which the area is filled."""

    def properties(self) -> list[DynamicConfigValue]:
        """The overrides that say so."""
        said: dict[str, Any] = {}
        if self.title:
            said["displayName"] = self.title
        if self.unit is not None:
            said["unit"] = self.unit
        if self.decimals is not None:
            said["decimals"] = self.decimals
        if self.color is not None:
            said["color"] = {"fixedColor": self.color, "mode": "fixed"}
        said |= self._words() | self._cell() | self._line()
        if self.steps is not None:
            said |= {"thresholds": thresholds(self.steps).build(), "color": {"mode": "thresholds"}}
        if self.link is not None:
            title, url = self.link
            said["links"] = [{"targetBlank": self.external, "title": title, "url": url}]
        return [DynamicConfigValue(id_val=name, value=value) for name, value in said.items()]

    def _words(self) -> dict[str, Any]:
        if self.words is None:
            return {}
        results = {
            value: ValueMappingResult(text=text, color=color, index=index)
            for index, (value, (text, color)) in enumerate(self.words.items())
        }
        return {"mappings": [ValueMap(options=results)]}

    def _cell(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.width is not None:
            said["custom.width"] = self.width
        if self.hidden:
            said["custom.hidden"] = True
        if self.wrap:
            said["custom.cellOptions"] = {"type": "auto", "wrapText": True}
        elif self.steps is not None or (self.words and any(color for _, color in self.words.values())):
            said["custom.cellOptions"] = {"mode": "basic", "type": "color-background"}
        return said

    def _line(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        if self.line == "dash":
            said["custom.lineStyle"] = {"dash": [8, 6], "fill": "dash"}
        if self.line == "thin":
            said["custom.lineWidth"] = 0
        if self.axis is not None:
            said["custom.axisPlacement"] = self.axis
        if self.fill_to is not None:
            said |= {"custom.fillBelowTo": self.fill_to, "custom.fillOpacity": 20}
        return said
