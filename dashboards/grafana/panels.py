"""The kinds of panel that the dashboards are made of, each with its defaults in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from grafana_foundation_sdk.builders import barchart, common, stat, statushistory, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import FieldColorModeId

from dashboards.grafana.column import Column, Steps, thresholds
from dashboards.grafana.palette import HEAT_STEPS
from dashboards.grafana.query import POSTGRES, PROMETHEUS, Sql

Target = Any
"""A builder of a query: `query.Sql`, or what `query.prom` returns."""
Size = tuple[int, int]
"""Width in 24ths of the page, height in rows of 30 pixels."""

_P = TypeVar("_P", timeseries.Panel, table.Panel, stat.Panel, barchart.Panel, statushistory.Panel)

POINTS: Final = 400
"""Points a line has at most; `$__interval` follows from it and the time range."""


def _begin(
    panel: _P,
    title: str,
    description: str,
    targets: Sequence[Target],
    size: Size,
    columns: Sequence[Column],
) -> _P:
    source = POSTGRES if isinstance(targets[0], Sql) else PROMETHEUS
    panel.title(title).description(description).datasource(source).span(size[0]).height(size[1])
    for target in targets:
        panel.with_target(target)
    for column in columns:
        panel.override_by_name(column.name, column.properties())
    return panel


def lines(
    title: str,
    description: str,
    *targets: Target,
    size: Size = (12, 8),
    columns: Sequence[Column] = (),
    unit: str = "short",
    low: float | None = None,
    high: float | None = None,
    stacked: StackingMode | None = None,
    bars: bool = False,
    interval: str = "1m",
) -> timeseries.Panel:
    """Lines, or stacked bars, over time; `interval` is the shortest step of `$__interval`."""
    panel = _begin(timeseries.Panel(), title, description, targets, size, columns)
    panel.unit(unit).interval(interval).max_data_points(120 if bars else POINTS)
    panel.color_scheme(build.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.NONE))
    panel.show_points(VisibilityMode.AUTO).line_width(1).fill_opacity(0)
    if bars:
        panel.draw_style(GraphDrawStyle.BARS).fill_opacity(70).line_width(0)
    if stacked is not None:
        panel.stacking(common.StackingConfig().mode(stacked)).fill_opacity(70)
    if low is not None:
        panel.min(low)
    if high is not None:
        panel.max(high)
    return panel


def number(
    title: str,
    description: str,
    *targets: Target,
    size: Size = (4, 4),
    unit: str = "short",
    decimals: int | None = None,
    steps: Steps = (),
    columns: Sequence[Column] = (),
    words: bool = False,
    no_value: str | None = None,
    spark: bool = False,
) -> stat.Panel:
    """One figure, or one a column, the last there is; coloured where it has `steps`."""
    panel = _begin(stat.Panel(), title, description, targets, size, columns)
    panel.unit(unit)
    panel.reduce_options(
        common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("/.*/" if words else "")
    )
    panel.graph_mode(BigValueGraphMode.AREA if spark else BigValueGraphMode.NONE)
    panel.text_mode(BigValueTextMode.AUTO)
    if decimals is not None:
        panel.decimals(decimals)
    if no_value is not None:
        panel.no_value(no_value)
    if steps:
        panel.thresholds(thresholds(steps)).color_mode(BigValueColorMode.VALUE)
        panel.color_scheme(build.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    else:
        panel.color_mode(BigValueColorMode.NONE)
    return panel


def rows(
    title: str,
    description: str,
    *targets: Target,
    size: Size = (24, 8),
    columns: Sequence[Column] = (),
) -> table.Panel:
    """A table: cells show text as it is, so that a headline with HTML or Markdown stays a line of letters."""
    panel = _begin(table.Panel(), title, description, targets, size, columns)
    return panel.filterable(False).show_header(True)


def heat(
    title: str, description: str, target: Target, *, size: Size = (24, 10), interval: str = "1m"
) -> statushistory.Panel:
    """Score by topic (one line of cells each) and time, from vermillion (bad news) over grey to blue.

    Grafana's panel of the name Heatmap turns its red-to-blue schemes round, so that good news would be red.
    """
    panel = _begin(statushistory.Panel(), title, description, [target], size, ())
    panel.unit("short").decimals(2).interval(interval).max_data_points(96)
    panel.thresholds(thresholds(HEAT_STEPS))
    panel.color_scheme(build.FieldColor().mode(FieldColorModeId.THRESHOLDS))
    # Its default is pages of twenty.
    panel.per_page(60)
    panel.show_value(VisibilityMode.NEVER).row_height(0.95).col_width(0.98).fill_opacity(90).line_width(0)
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    return panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE).sort(SortOrder.NONE))


def bars(
    title: str,
    description: str,
    target: Target,
    *,
    by: str,
    size: Size = (8, 8),
    unit: str = "short",
    columns: Sequence[Column] = (),
    horizontal: bool = True,
    stacked: bool = False,
) -> barchart.Panel:
    """One bar a row; `by` is the column that names them."""
    panel = _begin(barchart.Panel(), title, description, [target], size, columns)
    panel.unit(unit).x_field(by).fill_opacity(80).line_width(0)
    panel.orientation(VizOrientation.HORIZONTAL if horizontal else VizOrientation.VERTICAL)
    panel.stacking(StackingMode.NORMAL if stacked else StackingMode.NONE)
    panel.show_value(VisibilityMode.AUTO)
    panel.legend(
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(stacked)
    )
    panel.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.NONE))
    return panel
