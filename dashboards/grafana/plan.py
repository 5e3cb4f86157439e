"""What a push would change: wanted things against those that Grafana has, as values, without any HTTP."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal["folder", "data source", "contact point", "dashboard"]
Action = Literal["create", "update", "keep"]

_GRAFANAS_OWN: Final = frozenset({"id", "version", "schemaVersion", "secureJsonData"})
"""Keys at the top that Grafana counts, migrates or never shows again."""
_LINE: Final = 200
"""Longest line of a difference; a query is one line."""


@dataclass(frozen=True)
class Wanted:
    """One thing that Grafana should have."""

    kind: Kind
    uid: str
    title: str
    content: Mapping[str, Any]
    folder: str = ""
    """Uid of a dashboard's folder."""

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"{self.kind} {self.uid}"


@dataclass(frozen=True)
class Found:
    """The same as Grafana has it."""

    content: Mapping[str, Any]
    folder: str = ""
    version: int | None = None
    """Of a dashboard: it goes back with the change, so that Grafana can refuse it if somebody was quicker."""
    provisioned: bool = False
    """It comes out of a file on Grafana's disk, which no push may change."""


@dataclass(frozen=True)
class Change:
    """What becomes of one wanted thing."""

    wanted: Wanted
    found: Found | None
    difference: tuple[str, ...] = ()
    """Lines of a unified diff; empty where nothing changes or all is new."""

    @property
    def action(self) -> Action:
        """`keep` is as it should be already."""
        if self.found is None:
            return "create"
        return "update" if self.difference else "keep"


def compare(wanted: Wanted, found: Found | None) -> Change:
    """The change that makes Grafana's state the wanted one.

    Only what is wanted counts: keys that Grafana added, as it does when it saves, are no difference.
    """
    if found is None:
        return Change(wanted, None)
    ours = {key: value for key, value in wanted.content.items() if key not in _GRAFANAS_OWN}
    theirs = _asked_for(found.content, ours)
    lines = [] if theirs == ours else _diff(theirs, ours)
    if wanted.folder != found.folder:
        lines += [f"-folder: {found.folder or 'none'}", f"+folder: {wanted.folder}"]
    return Change(wanted, found, tuple(lines))


def _asked_for(found: Any, wanted: Any) -> Any:
    """What of `found` has a counterpart in `wanted`."""
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        return {key: _asked_for(found[key], value) for key, value in wanted.items() if key in found}
    if _is_list(found) and _is_list(wanted) and len(found) == len(wanted):
        return [_asked_for(one, other) for one, other in zip(found, wanted, strict=True)]
    return found


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _diff(before: Any, after: Any) -> list[str]:
    old, new = (json.dumps(each, ensure_ascii=False, indent=1).splitlines() for each in (before, after))
    lines = list(difflib.unified_diff(old, new, "in Grafana", "wanted", n=2, lineterm=""))
    return [line if len(line) <= _LINE else line[: _LINE - 1] + "…" for line in lines]
