"""`model.json`: what a served model is, its files, and its answers to the golden sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ModelError
from models.files import file_sha256

FILE = "model.json"
DATA_FILES = ("model.onnx", "tokenizer.json")
"""What every served model has."""
TORCH_FILES = ("network.safetensors", "config.json")
"""What it may have besides, for the torch backend: the float32 network that the int8 graph was made of."""


class Golden(BaseModel):
    """A sentence and what the model said of it when it was made; probabilities in thousandths."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    topic: str
    p_topic: int
    tones: tuple[int, int, int]


class Manifest(BaseModel):
    """The contents of `model.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str
    tones: tuple[str, ...]
    """In the order of the graph's `tone` output."""
    topics: tuple[str, ...]
    """Topic ids in the order of the graph's `topic` output."""
    languages: tuple[str, ...] = ("en",)
    """BCP 47 tags of the languages it was trained for."""
    max_length: int = Field(ge=2)
    """Tokens of a text that are read."""
    pad_id: int = Field(ge=0)
    temperature_tone: float = Field(gt=0)
    temperature_topic: float = Field(gt=0)
    files: dict[str, str] = {}
    """File name → SHA-256."""
    golden: tuple[Golden, ...] = ()
    training: dict[str, Any] = {}
    """Recipe, date, rows and epochs, as the checkpoint knows them."""

    @property
    def identity(self) -> str:
        """`name@` and 12 hex digits of a SHA-256 over everything that decides what the model says."""
        return self.identity_with({})

    def identity_with(self, more: Mapping[str, str]) -> str:
        """The identity where more decides what the model says than the model itself: settings of serving."""
        deciding = self.model_dump(mode="json", exclude={"golden", "training", "languages"})
        deciding["files"] = {name: deciding["files"].get(name) for name in DATA_FILES}
        digest = sha256(json.dumps(deciding | dict(more), sort_keys=True).encode()).hexdigest()
        return f"{self.name}@{digest[:12]}"


def read_manifest(folder: Path, needed: Sequence[str] = DATA_FILES) -> Manifest:
    """Read `model.json` and check the needed files; raises ModelError that says what is wrong."""
    file = folder / FILE
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(
            f"no model at {folder}: {FILE} cannot be read ({error.strerror}); "
            "name a preset or a folder that holds one"
        ) from error
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise ModelError(f"{file} is not a model description of format 1: {wrong}") from error
    for name in needed:
        if not (folder / name).is_file():
            raise ModelError(
                f"the model at {folder} is incomplete: {name} is missing; fetch the folder again"
            )
        if file_sha256(folder / name) != manifest.files.get(name):
            raise ModelError(
                f"{folder / name} is not the file that {FILE} describes (its SHA-256 differs): "
                "it is damaged or of another model; fetch the whole folder again"
            )
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write `model.json` with the hashes of the files beside it; returns what was written."""
    there = [*DATA_FILES, *(name for name in TORCH_FILES if (folder / name).is_file())]
    files = {name: file_sha256(folder / name) for name in there}
    manifest = manifest.model_copy(update={"files": files})
    content = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / FILE).write_text(content + "\n", encoding="utf-8")
    return manifest
