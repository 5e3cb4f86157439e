"""JSON Schema of the wire records, derived from their classes, so that it cannot say anything else."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.errors import UsageError
from pipeline.records import AlertEvent, Document, Rejected, ScoredDocument, SentimentMinute, Tally

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORDS: dict[str, type[msgspec.Struct]] = {
    record.__name__: record
    for record in (Document, ScoredDocument, Tally, Rejected, SentimentMinute, AlertEvent)
}


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of every record, each complete in itself, by the record's name."""
    return {name: _schema(record) for name, record in RECORDS.items()}


def select(every: Mapping[str, dict[str, Any]], name: str | None) -> dict[str, dict[str, Any]]:
    """The schema of that name alone, or all; raises UsageError when there is no such record."""
    if name is None:
        return dict(every)
    if name not in every:
        raise UsageError(f"There is no record {name!r}. Records: {', '.join(every)}.")
    return {name: every[name]}


def render(content: Mapping[str, Any]) -> str:
    """A schema as the text of a file."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def field_docs(record: type[msgspec.Struct]) -> dict[str, str]:
    """What the string below each field says of it, in one line; fields without one are left out."""
    (definition,) = ast.parse(inspect.getsource(record)).body
    assert isinstance(definition, ast.ClassDef)
    docs = {}
    for field, below in zip(definition.body, definition.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            docs[field.target.id] = " ".join(str(below.value.value).split())
    return docs


def structs(record: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """The record's class and those of its parts, each once."""
    found: dict[type[msgspec.Struct], None] = {}

    def visit(info: Any) -> None:
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in found:
                return
            found[info.cls] = None
            for field in info.fields:
                visit(field.type)
        for name in ("item_type", "key_type", "value_type"):
            if hasattr(info, name):
                visit(getattr(info, name))
        for item in (*getattr(info, "item_types", ()), *getattr(info, "types", ())):
            visit(item)

    visit(msgspec.inspect.type_info(record))
    return list(found)


def _schema(record: type[msgspec.Struct]) -> dict[str, Any]:
    _, components = msgspec.json.schema_components([record], ref_template="#/$defs/{name}")
    for struct in structs(record):
        for name, doc in field_docs(struct).items():
            components[struct.__name__]["properties"][name].setdefault("description", doc)
    top = components.pop(record.__name__)
    return {"$schema": DIALECT, **top, **({"$defs": components} if components else {})}
