"""Every query that a dashboard holds, in panels, variables and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Query:
    """One query and where it stands."""

    board: str
    place: str
    text: str
    form: str = "table"


def panels(board: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Panels without the headings between them."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def sql(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[Query]:
    """All SQL."""
    for uid, board in boards.items():
        for panel in panels(board):
            for target in panel["targets"]:
                if "rawSql" in target:
                    place = f"panel {panel['title']} {target['refId']}"
                    yield Query(uid, place, target["rawSql"], target["format"])
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                yield Query(uid, f"variable {variable['name']}", variable["query"])
        for annotation in board["annotations"].get("list", []):
            if "target" in annotation and "rawSql" in annotation["target"]:
                yield Query(
                    uid, f"annotation {annotation['name']}", annotation["target"]["rawSql"], "annotation"
                )


def promql(boards: Mapping[str, Mapping[str, Any]]) -> Iterator[Query]:
    """All PromQL."""
    for uid, board in boards.items():
        for panel in panels(board):
            for target in panel["targets"]:
                if "expr" in target:
                    yield Query(uid, f"panel {panel['title']} {target['refId']}", target["expr"])
