"""The console beside the demo: opened when there is something to see, kept until somebody ends it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pipeline.errors import UsageError

if TYPE_CHECKING:
    from pipeline.settings import Settings


class DemoPage:
    """The console beside the demo."""

    def __init__(self, port: int, say: Callable[[str], None], *, open_browser: bool) -> None:
        self._port, self._say, self._open = port, say, open_browser
        self._address = ""

    @contextmanager
    def shown(self, settings: Settings) -> Iterator[None]:
        """Serve the run's store for as long as the context lasts; a demo without NiceGUI goes on without."""
        from dashboards.console.server import require, running

        try:
            require()
        except UsageError as error:
            self._say(str(error))
            yield
            return
        with running(settings, port=self._port, labels="store") as (address, _):
            self._address = address
            self._say(f"The console is at {address}")
            if self._open:
                _browse(address)
            yield

    def stay(self) -> None:
        """Wait for Ctrl-C while the console is open."""
        if not self._address:
            return
        self._say(f"The console stays at {self._address} until Ctrl-C.")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def _browse(address: str) -> None:
    """Open the browser of a desktop; a machine without one is left alone."""
    import webbrowser

    if sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(address)
