"""The answers' forms for OpenAPI, made from the same classes that are encoded."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dashboards.api.parameters import MEDIA_TYPES
from dashboards.api.problems import MEDIA_TYPE, Problem

_REFS = "#/components/schemas/{name}"
_SAYS = {
    401: "The token is missing or wrong.",
    404: "There is no such thing in the store.",
    413: "More than one answer may hold; `detail` says how to ask for less.",
    421: "Without a token only loopback is answered.",
    422: "A parameter is wrong.",
    503: "The database is away, busy, or needed too long; ask again.",
}
_described: dict[str, Any] = {}


def answers(kind: Any, *statuses: int, table: bool = False) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route that answers with `kind`, and with problems of these statuses."""
    [form], components = msgspec.json.schema_components([kind], ref_template=_REFS)
    _described.update(components)
    content: dict[str, Any] = {"application/json": {"schema": form}}
    if table:
        for name in ("csv", "parquet"):
            media_type = MEDIA_TYPES[name].partition(";")[0]
            content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    found: dict[int | str, dict[str, Any]] = {200: {"description": "The answer.", "content": content}}
    for status in sorted({*statuses, 401, 421, 422, 503}):
        problem = {"schema": {"$ref": _REFS.format(name="Problem")}}
        found[status] = {"description": _SAYS[status], "content": {MEDIA_TYPE: problem}}
    return found


def describe(app: FastAPI, *, token: bool) -> dict[str, Any]:
    """The OpenAPI description of `app`."""
    if app.openapi_schema is None:
        told = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        _, problem = msgspec.json.schema_components([Problem], ref_template=_REFS)
        told["components"] = {"schemas": {**_described, **problem}}
        if token:
            told["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            told["security"] = [{"token": []}]
        app.openapi_schema = told
    return app.openapi_schema
