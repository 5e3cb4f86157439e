from pathlib import Path
from typing import Any

import pytest

from pipeline.retraining import _own_files


def recipe(path: Path | str) -> dict[str, Any]:
    return {"data": [{"path": str(path), "tone": "tone"}]}


def test_own_files_of_a_preset_are_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [found] = _own_files(recipe("models/recipes/stress.csv"))
    assert found.path.is_file()


def test_a_file_of_ones_own_goes_first_and_one_that_is_gone_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,tone\n")
    assert [file.path for file in _own_files(recipe(tmp_path / "mine.csv"))] == [tmp_path / "mine.csv"]
    assert _own_files(recipe(tmp_path / "gone.csv")) == []
    assert _own_files({}) == []
