"""The demo's folder is its own, fresh, and held by one demo at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.broker.process import hold
from pipeline.demo.folder import fresh_folder
from pipeline.errors import TocsinError


def test_what_the_last_demo_left_is_gone_and_what_this_one_leaves_stays(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "broker").mkdir()
        (folder / "broker" / "log").write_text("old")
        (folder / "tocsin.db").write_text("old")
    assert (folder / "broker" / "log").exists()
    with fresh_folder(tmp_path / "demo") as folder:
        assert [entry.name for entry in folder.iterdir()] == ["lock"]


def test_a_link_is_removed_and_what_it_points_to_is_not(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "link").symlink_to(precious)
    with fresh_folder(tmp_path / "demo") as folder:
        assert not (folder / "link").is_symlink()
    assert (precious / "file").read_text() == "kept"


def test_a_second_demo_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "tocsin.db").write_text("in use")
        with (
            pytest.raises(TocsinError, match=r"runs in .* already"),
            fresh_folder(tmp_path / "demo"),
        ):
            pass
        assert (folder / "tocsin.db").read_text() == "in use"
    with fresh_folder(tmp_path / "demo"):
        pass


def test_a_broker_that_still_stops_keeps_its_files(tmp_path: Path) -> None:
    broker = tmp_path / "demo" / "broker"
    broker.mkdir(parents=True)
    lock = hold(broker)
    with pytest.raises(TocsinError, match="still stops"), fresh_folder(tmp_path / "demo"):
        pass
    assert broker.exists()
    os.close(lock)
    with fresh_folder(tmp_path / "demo"):
        assert not broker.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(TocsinError, match="TOCSIN_STATE_DIR"),
        fresh_folder(tmp_path / "file" / "demo"),
    ):
        pass
