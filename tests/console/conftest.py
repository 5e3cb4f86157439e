"""A console over a filled store, as a user starts it, and a browser; once for this folder's tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.store import Store
from tests.console.filled import RUN, WATCHLISTS, fill, fill_wide, watched, watched_run
from tests.servers import _die_with_parent

_CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@contextmanager
def console_process(folder: Path, store_url: str, *options: str, **environ: str) -> Iterator[str]:
    """`tocsin console` on a free loopback port, over that store; gives its address without a last slash."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    env |= {"TOCSIN_STORE__URL": store_url, "TOCSIN_STATE_DIR": str(folder / "state"), **environ}
    # Nobody listens there: corrections go into the store.
    env |= {"TOCSIN_BROKER__SERVERS": "127.0.0.1:1", "TOCSIN_HTTP__PORT": "0"}
    command = [sys.executable, "-m", "pipeline", "console", "--port", "0", *options]
    with subprocess.Popen(
        command, env=env, cwd=folder, stdout=subprocess.PIPE, text=True, preexec_fn=_die_with_parent
    ) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found is not None, "the console did not start"
            yield found[0].rstrip("/")
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the run of `tests.console.filled`, to be copied and left as it is."""
    file = tmp_path_factory.mktemp("console") / "filled.db"
    with Store.open(f"sqlite:///{file}") as store:
        fill(store)
    return file


@pytest.fixture(scope="session")
def filled_url(filled_file: Path) -> str:
    """URL of a copy that all tests of this folder share: they add to it what people do."""
    return f"sqlite:///{shutil.copy(filled_file, filled_file.with_name('shared.db'))}"


@pytest.fixture(scope="session")
def filled(filled_url: str) -> Iterator[Store]:
    with Store.open(filled_url) as store:
        yield store


@pytest.fixture(scope="session")
def watched_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the run and its watchlists, to be copied and left as it is."""
    file = tmp_path_factory.mktemp("console") / "watched.db"
    with Store.open(f"sqlite:///{file}") as store:
        fill(store, watched_run(), watched())
    return file


@pytest.fixture(scope="session")
def watched_address(watched_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console over that run, whose settings have the watchlists."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "tocsin.toml").write_text(f'run = "{RUN}"\n{WATCHLISTS}', encoding="utf-8")
    own = shutil.copy(watched_file, watched_file.with_name("served.db"))
    with Store.open(f"sqlite:///{own}") as store:
        fill_wide(store)
    with console_process(folder, f"sqlite:///{own}") as found:
        yield found


@pytest.fixture(scope="session")
def address(filled_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console over the filled store."""
    with console_process(tmp_path_factory.mktemp("served"), filled_url) as found:
        yield found


# Not for the session: while it runs, no asynchronous test can.
@pytest.fixture(scope="module")
def chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=list(_CHROMIUM))
        yield browser
        browser.close()
