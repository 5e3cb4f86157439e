"""`tocsin settings`: what is in force, and where it came from."""

from __future__ import annotations

import json
from typing import Any

import typer

from pipeline.cli.options import ConfigOption, JsonOption, RunOption


def settings(run: RunOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting in force and where it came from; secrets are masked."""
    from pipeline.config import fields, shown
    from pipeline.settings import Settings, load

    loaded = load(config, run=run)
    rows: list[tuple[str, Any, str]] = []
    for key, info in fields(Settings):
        value: Any = loaded.settings
        for part in key:
            value = getattr(value, part)
        rows.append((".".join(key), shown(value, info), loaded.origins.get(key, "default")))
    if as_json:
        print(
            json.dumps({name: {"value": value, "origin": origin} for name, value, origin in rows}, indent=2)
        )
        return
    names = max(len(name) for name, _, _ in rows)
    values = min(40, max(len(json.dumps(value)) for _, value, _ in rows))
    for name, value, origin in rows:
        print(f"{name:{names}}  {json.dumps(value):{values}}  {origin}")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(settings)
