"""JSON Schema of the wire records, derived from their classes, so that it cannot say anything else."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.errors import UsageError
from pipeline.records import AlertEvent, Document, Label, Rejected, ScoredDocument, SentimentMinute, Tally

DIALECT = "https://json-schema.org/draft/2020-12/schema"
RECORDS: dict[str, type[msgspec.Struct]] = {
    record.__name__: record
    for record in (Document, ScoredDocument, Tally, Rejected, SentimentMinute, AlertEvent, Label)
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


def field_table(struct: type[msgspec.Struct]) -> str:
    """The fields of a record or part as the Markdown table of docs/topics.md."""
    docs = field_docs(struct)
    info = msgspec.inspect.type_info(struct)
    assert isinstance(info, msgspec.inspect.StructType)
    lines = ["| field | type | meaning |", "|---|---|---|"]
    for field in info.fields:
        kind = _kind(field.type) + ("" if field.required else ", optional")
        lines.append(f"| `{field.name}` | {kind} | {docs.get(field.name, '')} |")
    return "\n".join(lines) + "\n"


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


_KINDS = {
    msgspec.inspect.StrType: "string",
    msgspec.inspect.IntType: "integer",
    msgspec.inspect.FloatType: "number",
    msgspec.inspect.BoolType: "true or false",
    msgspec.inspect.DateTimeType: "time",
    msgspec.inspect.BytesType: "string, base64",
    msgspec.inspect.NoneType: "null",
}


def _kind(info: msgspec.inspect.Type) -> str:
    match info:
        case msgspec.inspect.StructType(cls=cls):
            return f"[{cls.__name__}](#{cls.__name__.lower()})"
        case msgspec.inspect.LiteralType(values=values):
            return " / ".join(f"`{value}`" for value in values)
        case msgspec.inspect.VarTupleType(item_type=item):
            return f"list of {_kind(item)}"
        case msgspec.inspect.DictType(value_type=value):
            return f"object of {_kind(value)}"
        case msgspec.inspect.UnionType(types=types):
            return " or ".join(_kind(each) for each in types)
        case _:
            return _KINDS[type(info)]
