"""The console's server: a socket, the door in front of the pages, a start and a stop for whoever runs it."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboards.console.access import TOKEN_VARIABLE, Sessions, check_bind
from dashboards.console.labelling import LabelsGo
from pipeline.errors import TocsinError, UsageError
from pipeline.settings import Settings

MISSING = (
    "The console needs NiceGUI: pip install 'tocsin[console]' (from a checkout: pip install -e '.[console]')."
)
_STOP_SECONDS = 10.0
_MOST_MESSAGE = 2**20


def require() -> None:
    """Raise UsageError where the console's packages are not installed."""
    from importlib.util import find_spec

    if find_spec("nicegui") is None:
        raise UsageError(MISSING)


def open_socket(host: str, port: int) -> socket.socket:
    """Listen at `host`, at a free port where `port` is 0; raises TocsinError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise TocsinError(
            f"the console cannot listen on {host}:{port}: {error.strerror or error}; "
            "name another port with --port, 0 takes a free one"
        ) from error
    return listener


def serve(
    settings: Settings, *, host: str, port: int, feeds: Path | None, opened: Callable[[str], None]
) -> None:
    """Serve the console until it is interrupted; `opened` is told its address once it listens."""
    with running(settings, host=host, port=port, feeds=feeds) as (address, thread):
        opened(address)
        while thread.is_alive():
            thread.join(0.5)


@contextmanager
def running(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    feeds: Path | None = None,
    labels: LabelsGo = "auto",
) -> Iterator[tuple[str, threading.Thread]]:
    """A console in a thread of its own for as long as the context lasts; gives its address.

    `labels` says where corrections go: `store`, or `auto`: to the topic where a broker answers.

    Raises:
        UsageError: it may not listen there without a token, or its packages are missing.
        TocsinError: it cannot listen there.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    check_bind(host, token)
    require()
    listener = open_socket(host, port)
    # NiceGUI would keep browsers' storage in a folder of its own where we run; we use none.
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(Path(tempfile.gettempdir()) / "tocsin-nicegui"))
    import uvicorn

    from dashboards.console.routes import build

    application = build(settings, Sessions(token), host=host, feeds=feeds, labels=labels)
    config = uvicorn.Config(
        application, log_level="error", ws_max_size=_MOST_MESSAGE, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="console", daemon=True)
    thread.start()
    try:
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{listener.getsockname()[1]}/", thread
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()
