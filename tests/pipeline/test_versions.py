"""Model versions through the command: added, promoted, rolled back, and on every scored text after that."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.errors import ModelError
from models.serving.manifest import read_manifest, write_manifest
from models.serving.opening import PRESETS
from pipeline.cli.main import app
from pipeline.settings import ModelSettings, Settings
from pipeline.versions import model_path, registry


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preset under another name, and so another version."""
    folder = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(PRESETS / "en", folder)
    write_manifest(folder, read_manifest(folder).model_copy(update={"name": "desk-2"}))
    return folder


def tocsin(*arguments: str) -> Any:
    result = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def scored_by() -> str:
    """The model that a text classified now would carry."""
    Path("texts.csv").write_text("text\nProfit doubled\n")
    Path("tocsin.toml").write_text('[model]\npath = "registry:current"\n')
    result = CliRunner().invoke(app, ["classify", "texts.csv"], catch_exceptions=False)
    return json.loads(result.stdout)["model"]


def test_a_promotion_is_on_every_text_scored_after_it(other: Path) -> None:
    first = tocsin("models", "add", "en")["version"]
    second = tocsin("models", "add", str(other))["version"]
    assert first != second

    tocsin("models", "promote", first, "--by", "ann")
    assert scored_by() == first
    tocsin("models", "promote", second, "--by", "ann", "--why", "knows our desks")
    assert scored_by() == second
    assert tocsin("models", "rollback", "--by", "bo") == {"current": first}
    assert scored_by() == first

    listed = {row["version"]: row for row in tocsin("models", "list")}
    assert [name for name, row in listed.items() if row["current"]] == [first]
    assert second in listed
    shown = tocsin("models", "show", second)
    assert [(each["kind"], each["by"], each["why"]) for each in shown["journal"]] == [
        ("promote", "ann", "knows our desks")
    ]
    assert tocsin("models", "path", second) == {"path": str(Path(".tocsin/models") / second)}


def test_presets_are_listed_beside_the_versions() -> None:
    assert [row["preset"] for row in tocsin("models", "list")] == sorted(
        entry.name for entry in PRESETS.iterdir() if (entry / "model.json").is_file()
    )
    plain = CliRunner().invoke(app, ["models", "list"], catch_exceptions=False)
    assert "No version is current" in plain.stdout


def test_the_settings_name_a_preset_a_folder_or_a_version(tmp_path: Path) -> None:
    def named(path: str) -> str:
        return model_path(Settings(state_dir=tmp_path, model=ModelSettings(path=path)))

    assert named("en") == "en"
    assert named("/srv/model") == "/srv/model"
    with pytest.raises(ModelError, match="tocsin models promote"):
        named("registry:current")
    with pytest.raises(ModelError, match="no version"):
        named("registry:desk-2@000000000000")
    version = registry(Settings(state_dir=tmp_path)).add(PRESETS / "en")
    assert named(f"registry:{version.name}") == str(version.folder)


def test_a_registry_may_lie_elsewhere(tmp_path: Path) -> None:
    settings = Settings(model=ModelSettings(registry=tmp_path / "shared"))
    assert registry(settings).folder == tmp_path / "shared"
