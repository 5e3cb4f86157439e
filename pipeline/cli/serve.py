"""`tocsin serve`: the query API."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.options import ConfigOption


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8470,
    seconds: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds the database has for one question.")
    ] = 5.0,
    at_once: Annotated[
        int, typer.Option("--at-once", min=1, max=100, help="Questions answered at the same time.")
    ] = 8,
    config: ConfigOption = None,
) -> None:
    """Serve sentiment, documents and alerts of the store as JSON, CSV and Parquet, read-only.

    On loopback no token is needed. Elsewhere set TOCSIN_API_TOKEN in the environment; clients send it as
    `Authorization: Bearer TOKEN`. `/` lists what can be asked, `/v1/openapi.json` describes it for programs.
    Needs the extra `api`.
    """
    import importlib.util
    import os
    from datetime import timedelta

    from pipeline.errors import UsageError
    from pipeline.settings import load_settings
    from pipeline.store import Store
    from pipeline.store.engine import parse_url

    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")):
        raise UsageError("the API needs FastAPI and uvicorn: pip install 'tocsin[api]'")
    from dashboards.api.access import TOKEN_VARIABLE, check_bind
    from dashboards.api.app import create_app
    from dashboards.api.app import serve as run

    settings = load_settings(config)
    token = os.environ.get(TOKEN_VARIABLE, "")
    check_bind(host, token)
    parse_url(settings.store.url)
    lateness = timedelta(seconds=settings.event_time.allowed_lateness)
    app = create_app(
        lambda: Store.open(settings.store.url, lateness=lateness),
        token=token,
        seconds=seconds,
        at_once=at_once,
    )
    shown = f"[{host}]" if ":" in host else host
    print(f"http://{shown}:{port}/ (Ctrl-C ends it)", flush=True)
    run(app, host, port)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)
