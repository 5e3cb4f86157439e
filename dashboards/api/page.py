"""The API's page for people: one file, no script, nothing from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
code, h2 { font-family: ui-monospace, monospace } h2 { font-size: 1.1rem; margin: 2rem 0 .25rem }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top;
padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884 }
"""


def page(openapi: dict[str, Any]) -> str:
    """What can be asked, from the OpenAPI description."""
    title = escape(openapi["info"]["title"])
    parts = [_operation(path, told["get"]) for path, told in openapi["paths"].items()]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title} {escape(openapi['info']['version'])}</h1>"
        f"<p>{escape(openapi['info']['description'])}</p>"
        '<p>For programs: <a href="/v1/openapi.json">/v1/openapi.json</a> (OpenAPI).</p>'
        f"{''.join(parts)}</html>"
    )


def _operation(path: str, told: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in told.get("parameters", ()))
    table = f"<table><tr><th>parameter<th>default<th>meaning{rows}</table>" if rows else ""
    return f"<h2>GET {escape(path)}</h2><p>{escape(told.get('description', ''))}</p>{table}"


def _parameter(told: dict[str, Any]) -> str:
    form = told["schema"]
    values = form.get("enum") or next((each["enum"] for each in form.get("anyOf", ()) if "enum" in each), ())
    meaning = told.get("description", "") or ", ".join(str(value) for value in values)
    default = form.get("default", "needed" if told.get("required") else "")
    cells = (told["name"], default, meaning)
    return "<tr>" + "".join(f"<td>{escape('' if cell is None else str(cell))}" for cell in cells)
