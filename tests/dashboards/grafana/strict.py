"""Grafana's published types, held strictly: grafana-foundation-sdk generates them from Grafana's own schema.

Its decoder leaves out what it does not know and checks no types. So a dashboard is decoded, its values are
held against the types' annotations, and it is encoded again: what does not come back was never in the schema.
"""

from __future__ import annotations

import enum
import json
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

_FREE = ("object", "Any", "Dataquery")


def faults(board: dict[str, Any]) -> list[str]:
    """Whatever of `board` is not as the schema has it, each with its path."""
    plugins.register_default_plugins()
    decoded = Dashboard.from_json(json.loads(json.dumps(board)))
    again = json.loads(json.dumps(decoded, cls=JSONEncoder))
    return [*_lost(board, again, ""), *_wrong(decoded, Dashboard, "")]


def _lost(told: Any, again: Any, path: str) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(again, dict):
        for key, value in told.items():
            if key not in again:
                yield f"{path}.{key} is not in the schema"
            else:
                yield from _lost(value, again[key], f"{path}.{key}")
    elif isinstance(told, list) and isinstance(again, list) and len(told) == len(again):
        for number, (one, other) in enumerate(zip(told, again, strict=True)):
            yield from _lost(one, other, f"{path}[{number}]")
    elif told != again:
        yield f"{path}: {told!r} comes back as {again!r}"


def _wrong(value: Any, kind: Any, path: str) -> Iterator[str]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or getattr(kind, "__name__", "") in _FREE:
        return
    if origin in (typing.Union, types.UnionType):
        tries = [list(_wrong(value, each, path)) for each in arguments]
        if all(tries):
            yield max((each for found in tries for each in found), key=lambda told: len(told.split(": ")[0]))
    elif origin is list:
        if not isinstance(value, list):
            yield f"{path}: {value!r} is no list"
            return
        for number, each in enumerate(value):
            yield from _wrong(each, arguments[0], f"{path}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        for key, each in value.items():
            yield from _wrong(each, arguments[1], f"{path}.{key}")
    elif origin is typing.Literal:
        if value not in arguments:
            yield f"{path}: {value!r} is none of {arguments}"
    elif kind is float:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield f"{path}: {value!r} is no number"
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        if value not in [member.value for member in kind]:
            yield f"{path}: {value!r} is none of {[member.value for member in kind]}"
    elif isinstance(kind, type) and kind.__module__.startswith("grafana_foundation_sdk"):
        if not isinstance(value, kind):
            yield f"{path}: {value!r} is no {kind.__name__}"
            return
        for name, hint in _hints(kind).items():
            yield from _wrong(getattr(value, name), hint, f"{path}.{name}")
    elif kind is type(None):
        if value is not None:
            yield f"{path}: {value!r} is not null"
    elif isinstance(kind, type) and (
        not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool)
    ):
        yield f"{path}: {value!r} is no {kind.__name__}"


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, vars(sys.modules[kind.__module__]))
