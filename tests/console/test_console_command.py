"""`tocsin console` as it is typed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from dashboards.console import server
from pipeline.cli.demo_page import DemoPage
from pipeline.errors import TocsinError, UsageError
from pipeline.settings import Settings, StoreSettings


def settings(folder: Path) -> Settings:
    return Settings(store=StoreSettings(url=f"sqlite:///{folder / 'store.db'}"), state_dir=folder)


def test_others_are_not_let_in_without_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOCSIN_CONSOLE_TOKEN", raising=False)
    with (
        pytest.raises(UsageError, match="TOCSIN_CONSOLE_TOKEN"),
        server.running(settings(tmp_path), host="0.0.0.0"),
    ):
        pass


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(TocsinError, match=f"127.0.0.1:{port}.*--port"):
            server.open_socket("127.0.0.1", port)


def test_without_its_packages_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"tocsin\[console\]"), server.running(settings(tmp_path)):
        pass


def test_a_demo_without_the_consoles_packages_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    said: list[str] = []
    page = DemoPage(0, said.append, open_browser=False)
    with page.shown(settings(tmp_path)):
        pass
    page.stay()
    assert len(said) == 1 and "tocsin[console]" in said[0]
