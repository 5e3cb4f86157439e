from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.continual.registry import Registry
from models.errors import ModelError
from models.serving.classifier import Classifier
from models.serving.manifest import read_manifest, write_manifest

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def sibling(served: Path, folder: Path, name: str) -> Path:
    """The same model under another name, and so another version."""
    shutil.copytree(served, folder)
    write_manifest(folder, read_manifest(folder).model_copy(update={"name": name}))
    return folder


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def second(tiny_served: Path, tmp_path: Path) -> Path:
    return sibling(tiny_served, tmp_path / "second", "tiny-2")


def test_versions_live_side_by_side_under_their_identity(
    registry: Registry, tiny_served: Path, second: Path
) -> None:
    assert registry.versions() == []
    one = registry.add(tiny_served)
    other = registry.add(second, {"decision": {"promote": True}})
    assert registry.add(tiny_served) == one
    assert [version.name for version in registry.versions()] == [one.name, other.name]
    assert Classifier.load(one.folder, threads=1).model == one.name
    assert registry.get(other.name).report == {"decision": {"promote": True}}
    assert registry.get(other.name.partition("@")[2][:6]) == other


def test_promote_switches_and_rollback_goes_back_step_by_step(
    registry: Registry, tiny_served: Path, second: Path, tmp_path: Path
) -> None:
    names = [
        registry.add(folder).name
        for folder in (tiny_served, second, sibling(tiny_served, tmp_path / "third", "tiny-3"))
    ]
    for name in names:
        registry.promote(name, by="ann", why="better", at=NOON)
    assert Classifier.load(registry.path(), threads=1).model == names[2]
    assert registry.rollback(by="bo", at=NOON).name == names[1]
    assert registry.rollback(by="bo", at=NOON).name == names[0] == registry.current()
    with pytest.raises(ModelError, match="no version before"):
        registry.rollback(by="bo")
    told = [(entry.kind, entry.version, entry.was, entry.by) for entry in registry.journal()]
    assert told == [
        ("promote", names[0], None, "ann"),
        ("promote", names[1], names[0], "ann"),
        ("promote", names[2], names[1], "ann"),
        ("rollback", names[1], names[2], "bo"),
        ("rollback", names[0], names[1], "bo"),
    ]
    assert registry.journal()[0].at == "2026-11-23T12:00:00+00:00"


def test_promoting_what_is_current_changes_nothing(registry: Registry, tiny_served: Path) -> None:
    name = registry.add(tiny_served).name
    registry.promote(name, by="ann")
    registry.promote(name, by="bo")
    assert [entry.by for entry in registry.journal()] == ["ann"]


def test_a_damaged_version_is_not_promoted(registry: Registry, tiny_served: Path, second: Path) -> None:
    name = registry.add(tiny_served).name
    registry.promote(name, by="ann")
    damaged = registry.add(second)
    content = (damaged.folder / "model.onnx").read_bytes()
    (damaged.folder / "model.onnx").write_bytes(content[:-1])
    with pytest.raises(ModelError, match="SHA-256"):
        registry.promote(damaged.name, by="ann")
    assert registry.current() == name


def test_what_is_not_there_is_told_with_what_is(registry: Registry, tiny_served: Path) -> None:
    with pytest.raises(ModelError, match=r"none"):
        registry.get("tiny-1")
    name = registry.add(tiny_served).name
    with pytest.raises(ModelError, match=name):
        registry.get("feedfeed")
    with pytest.raises(ModelError, match="several versions fit"):
        registry.add(tiny_served)
        sibling(tiny_served, registry.folder / "other@000000000000", "other")
        registry.get("")
    with pytest.raises(ModelError, match="tocsin models promote"):
        registry.path()


def test_a_pointer_to_a_version_that_is_gone_is_told_and_mended(
    registry: Registry, tiny_served: Path, second: Path
) -> None:
    name, other = registry.add(tiny_served).name, registry.add(second).name
    registry.promote(name, by="ann")
    shutil.rmtree(registry.folder / name)
    with pytest.raises(ModelError, match=other):
        registry.path()
    registry.promote(other, by="ann")
    assert registry.current() == other


def test_half_a_line_of_the_journal_is_passed_over(
    registry: Registry, tiny_served: Path, second: Path
) -> None:
    one, other = registry.add(tiny_served).name, registry.add(second).name
    registry.promote(one, by="ann")
    with (registry.folder / "promotions.jsonl").open("a") as journal:
        journal.write('{"at": "2026-')
    registry.promote(other, by="ann")
    assert [entry.version for entry in registry.journal()] == [one, other]


def test_several_at_once_leave_one_whole_version_and_one_current(
    registry: Registry, tiny_served: Path, second: Path
) -> None:
    def add_and_promote(folder: Path) -> str:
        name = registry.add(folder).name
        return registry.promote(name, by="ann").name

    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(add_and_promote, [tiny_served, second] * 3))
    assert {version.name for version in registry.versions()} == names
    assert registry.current() in names
    was = None
    for entry in registry.journal():
        assert entry.was == was
        was = entry.version
    assert was == registry.current()
    assert not [entry for entry in registry.folder.iterdir() if entry.name.endswith(".part")]
