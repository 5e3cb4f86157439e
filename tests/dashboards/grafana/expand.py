"""What Grafana does to a query before it sends it, as its documentation tells: variables, then macros.

- https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
- https://grafana.com/docs/grafana/latest/datasources/postgres/ (macros)
- https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

Value = str | tuple[str, ...]
"""A variable's value; a tuple where several may be chosen."""

VARIABLE = re.compile(r"\$\{(\w+)(?::([^}]+))?\}|\[\[(\w+?)(?::(\w+))?\]\]|\$(\w+)")
_MACRO = re.compile(r"\$__(\w+)\(([^)]*)\)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


class NotInGrafanaError(Exception):
    """The query uses something that Grafana's documentation does not have."""


@dataclass(frozen=True)
class Moment:
    """The page as it stands: time range and chosen variables."""

    start: datetime
    end: datetime
    variables: Mapping[str, Value] = field(default_factory=dict)
    interval: str = "1m"

    def sql(self, text: str) -> str:
        """A query of the PostgreSQL data source."""
        return _MACRO.sub(self._macro, VARIABLE.sub(self._in_sql, text))

    def promql(self, text: str) -> str:
        """A query of the Prometheus data source."""
        return VARIABLE.sub(self._in_promql, text)

    def _in_sql(self, found: re.Match[str]) -> str:
        name, form = found[1] or found[3] or found[5], found[2] or found[4]
        if name == "__interval":
            return self.interval
        if name.startswith("__"):
            return found[0]
        if name not in self.variables:
            raise NotInGrafanaError(f"no variable {name}: {found[0]}")
        value = self.variables[name]
        if form == "sqlstring":
            several = (value,) if isinstance(value, str) else value
            return ",".join("'" + each.replace("'", "''") + "'" for each in several)
        raise NotInGrafanaError(f"{found[0]} reaches SQL unquoted")

    def _in_promql(self, found: re.Match[str]) -> str:
        name, form = found[1] or found[3] or found[5], found[2] or found[4]
        if name == "__rate_interval":
            return "1m"
        if name == "__interval":
            return self.interval
        value = self.variables.get(name)
        if not isinstance(value, str) or form is not None:
            raise NotInGrafanaError(f"not a single value of a variable: {found[0]}")
        return value.replace("\\", "\\\\").replace('"', '\\"')

    def _macro(self, found: re.Match[str]) -> str:
        name = found[1]
        arguments = [each.strip() for each in found[2].split(",")] if found[2].strip() else []
        if name == "timeFilter" and len(arguments) == 1:
            return f"{arguments[0]} BETWEEN {_stamp(self.start)} AND {_stamp(self.end)}"
        if name == "timeFrom" and not arguments:
            return _stamp(self.start)
        if name == "timeTo" and not arguments:
            return _stamp(self.end)
        if name in ("timeGroup", "timeGroupAlias") and len(arguments) == 2:
            seconds = parse_interval(arguments[1].strip("'"))
            grouped = f"floor(extract(epoch from {arguments[0]})/{seconds})*{seconds}"
            return grouped + (' AS "time"' if name == "timeGroupAlias" else "")
        raise NotInGrafanaError(found[0])


def parse_interval(text: str) -> int:
    """Seconds of `5m`, `12h`, …"""
    found = re.fullmatch(r"(\d+)([smhdw])", text)
    if found is None:
        raise NotInGrafanaError(f"no interval: {text}")
    return int(found[1]) * _UNITS[found[2]]


def _stamp(moment: datetime) -> str:
    return "'" + moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") + "'"


def at(end: datetime, days: float, **variables: Value) -> Moment:
    """A page that shows the `days` before `end`."""
    interval = "1m" if days <= 1 else "1h"
    return Moment(end - timedelta(days=days), end, variables, interval)
