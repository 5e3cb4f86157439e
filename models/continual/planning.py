"""What a retraining will do: which rows it mixes, and the recipe it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from models.continual.corrections import DEV_SHARE, HOLD_OUT, Divided
from models.continual.promotion import TOLERANCE
from models.continual.rehearsal import ROWS, Rehearsal
from models.data import Corpus
from models.errors import ModelError
from models.evaluation.rows import Rows
from models.training.recipe import Recipe

MOST_REPEATS = 20
"""A correction comes up at most so often in an epoch, however few there are."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to retrain; the defaults are for some hundred corrections and a CPU."""

    share: float = 0.3
    """Share of the rows of an epoch that are corrections, repeated as often as that takes."""
    rows: int = ROWS
    """Rows that are rehearsed in an epoch."""
    hold_out: float = HOLD_OUT
    dev_share: float = DEV_SHARE
    anchor: float = 0.6
    """How much the current model's own answers count against labels, on every row (learning without
    forgetting; Li & Hoiem 2016): 0 not at all."""
    epochs: int = 2
    learning_rate: float = 3e-5
    tune: Literal["full", "top", "lora"] = "full"
    tolerance: float = TOLERANCE
    name: str = ""
    """Of the candidate; the current model's where it is empty: their hashes tell them apart."""
    seed: int = 1
    threads: int = 0


@dataclass(frozen=True)
class Plan:
    """What a retraining will do; nothing is trained yet."""

    recipe: Recipe
    corpus: Corpus
    """Corrections and rehearsal to train on and to choose the best epoch by."""
    corrections: Divided
    rehearsal: Rehearsal
    leaked: int
    """Corrections that are left out since their text stands in a protected set."""

    def notices(self) -> list[str]:
        """What a person should know before waiting for it."""
        found = []
        if self.leaked:
            found.append(
                f"{self.leaked:,} corrections are not learned: their texts are test rows of protected sets"
            )
        for task in ("tone", "topic"):
            rows = [row for row in self.corpus.train if row.source == f"corrections_{task}"]
            if rows and len({row.label for row in rows}) == 1:
                found.append(f"every correction of {task} says the same; the rehearsal has the other classes")
        if not self.corrections.held_out:
            found.append(
                "no correction is held out: too few to see whether the candidate does better on them"
            )
        if self.rehearsal.own_words:
            found.append(
                "the rehearsal has no labels but the current model's own: what is protected is what it says, "
                "not how often it is right"
            )
        return found


def plan(
    corrections: Divided,
    rehearsal: Rehearsal,
    protected: Rows,
    training: Mapping[str, Any],
    options: Options,
) -> Plan:
    """Mix corrections with rehearsal, no protected text among them.

    `training` is what the current model's `model.json` says of its own training. Raises ModelError when
    there is nothing to learn or nothing to rehearse.
    """
    tested = {row.key for rows in protected.sets.values() for row in rows}
    parts = (corrections.train, corrections.dev, corrections.held_out)
    kept = Divided(*(tuple(row for row in part if row.key not in tested) for part in parts))
    leaked = sum(map(len, parts)) - len(kept.train) - len(kept.dev) - len(kept.held_out)
    if not kept.train:
        raise ModelError(
            "there is no correction to learn: give more of them"
            + (f"; {leaked:,} are test rows of protected sets" if leaked else "")
        )
    if not rehearsal.train or not rehearsal.dev:
        raise ModelError(
            "there is nothing to rehearse, and a model that learns corrections alone forgets the rest: "
            "set TOCSIN_DATA to the data sets, or name a file of texts with --rehearsal"
        )
    return Plan(
        recipe=make_recipe(training, kept, rehearsal, options),
        corpus=Corpus(
            train=(*kept.train, *rehearsal.train), dev=(*kept.dev, *rehearsal.dev), tests=protected.sets
        ),
        corrections=kept,
        rehearsal=rehearsal,
        leaked=leaked,
    )


def make_recipe(
    training: Mapping[str, Any], corrections: Divided, rehearsal: Rehearsal, options: Options
) -> Recipe:
    """The recipe of a retraining: the current model's, from its own weights, short and gentle."""
    known = training.get("recipe")
    if not known:
        raise ModelError("model.json does not say how the model was trained: export it from its checkpoint")
    kept = {name: known[name] for name in _INHERITED if name in known}
    repeats = options.share / (1 - options.share) * len(rehearsal.train) / len(corrections.train)
    weight = min(MOST_REPEATS, max(1.0, repeats))
    return Recipe.model_validate(
        kept
        | {
            "name": options.name or known["name"],
            "base": "the current model",
            "weights": {row.source: weight for row in corrections.train},
            "tune": options.tune,
            "distil_weight": options.anchor,
            "epochs": options.epochs,
            "learning_rate": options.learning_rate,
            "warmup_share": 0.1,
            "seed": options.seed,
            "threads": options.threads,
        }
    )


_INHERITED = (
    *("sets", "data", "taxonomy", "max_length", "batch_size", "weight_decay", "label_smoothing", "dropout"),
    *("encoder_dropout", "clip_norm", "freeze_word_embeddings", "precision", "dev_share"),
    *("quantisation_noise", "quantisation_percentile", "quantisation_momentum"),
)
"""What of a recipe still holds when the training goes on from its outcome."""
