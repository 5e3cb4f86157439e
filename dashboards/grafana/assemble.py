"""One dashboard out of its parts: ids, places on the page, links, variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models.dashboard import Dashboard, DashboardCursorSync, Panel, RowPanel

from dashboards.grafana import variables
from dashboards.grafana.tongue import Tongue


@dataclass(frozen=True)
class Section:
    """A headed part of a page; panels flow from left to right and break where a line is full."""

    title: str
    panels: Sequence[Any]


def assemble(
    t: Tongue,
    board: str,
    title: str,
    description: str,
    sections: Sequence[Section],
    choices: Sequence[Any],
    *,
    annotations: Sequence[Any] = (),
    time: tuple[str, str] = ("now-24h", "now"),
    refresh: str = "",
) -> Dashboard:
    """The dashboard, all of it following from the arguments alone."""
    whole = (
        build.Dashboard(title)
        .uid(t.uid(board))
        .description(description)
        .tags(["tocsin", t.language])
        .timezone("utc")
        .time(*time)
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .editable()
        .links(variables.to_boards(t))
    )
    if refresh:
        whole.refresh(refresh)
    for choice in choices:
        whole.with_variable(choice)
    for annotation in annotations:
        whole.annotation(annotation)
    for section in sections:
        whole.with_row(build.Row(section.title))
        for panel in section.panels:
            whole.with_panel(panel)
    made = whole.build()
    for number, panel in enumerate(made.panels or [], 1):
        panel.id_val = number
    return made


def panels(dashboard: Dashboard) -> list[Panel]:
    """Its panels without the headings between them."""
    return [panel for panel in dashboard.panels or [] if not isinstance(panel, RowPanel)]
