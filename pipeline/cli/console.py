"""`tocsin console`: what an analyst looks at, in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import ConfigOption, RunOption


def console(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8600,
    feeds: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of feeds (CSV, JSONL, Parquet) that the replay desk offers, too."
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open", help="Open it in the browser of this machine.")
    ] = False,
    run: RunOption = None,
    config: ConfigOption = None,
) -> None:
    """Show topics, alerts, evidence and the replay desk in a browser, live, from the store.

    Reads the store that the settings name (`store.url`) and writes to it what people rule: acknowledgements,
    mutes, verdicts, corrections. Listens on loopback. To let others in, set TOCSIN_CONSOLE_TOKEN in the
    environment, which each of them then gives once, and put a proxy with TLS in front:

        TOCSIN_CONSOLE_TOKEN=… tocsin console --host 0.0.0.0

    Nothing is fetched from anywhere but this address. docs/analyst.md walks through a morning with it.
    """
    from dashboards.console.server import serve
    from pipeline.errors import UsageError
    from pipeline.settings import load_settings

    if feeds is not None and not feeds.is_dir():
        raise UsageError(f"--feeds {feeds}: there is no such folder")

    def opened(address: str) -> None:
        print(f"The console is at {address} (Ctrl-C ends it)", flush=True)
        if open_browser:
            import webbrowser

            webbrowser.open(address)

    serve(load_settings(config, run=run), host=host, port=port, feeds=feeds, opened=opened)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(console)
