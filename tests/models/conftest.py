"""A tiny model as it is trained, exported and served."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.data import Corpus, data_folder
from models.errors import ModelError
from models.export.command import export
from models.serving.classifier import Classifier
from models.training.checkpoint import save_checkpoint
from models.training.loop import Trained, train
from models.training.recipe import Recipe
from tests.tiny_bert import labelled, make_tiny_base


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer BERT and a vocabulary of our own words."""
    folder = tmp_path_factory.mktemp("base")
    make_tiny_base(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_recipe(tiny_base: Path) -> Recipe:
    return Recipe(
        name="tiny-1",
        base=str(tiny_base),
        sets=("own",),
        max_length=32,
        epochs=8,
        batch_size=8,
        learning_rate=5e-3,
        freeze_word_embeddings=False,
        threads=1,
        seed=3,
    )


@pytest.fixture(scope="session")
def tiny_corpus() -> Corpus:
    rows = labelled()
    return Corpus(
        train=tuple(row for i, row in enumerate(rows) if i % 4),
        dev=tuple(row for i, row in enumerate(rows) if not i % 4),
        tests={},
    )


@pytest.fixture(scope="session")
def tiny_trained(tiny_recipe: Recipe, tiny_corpus: Corpus) -> Trained:
    return train(tiny_recipe, tiny_recipe.base, tiny_corpus)


@pytest.fixture(scope="session")
def tiny_checkpoint(
    tiny_recipe: Recipe, tiny_trained: Trained, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    training = {"recipe": tiny_recipe.model_dump(mode="json"), "date": "2026-11-23"}
    save_checkpoint(folder, tiny_trained.network, tiny_trained.tokenizer, training)
    return folder


@pytest.fixture(scope="session")
def tiny_served(tiny_checkpoint: Path, tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model as it is served."""
    folder = tmp_path_factory.mktemp("served")
    export(tiny_checkpoint, folder, tiny_corpus)
    return folder


@pytest.fixture(scope="session")
def english() -> Classifier:
    """The preset `en`."""
    return Classifier.load("en", threads=1)


@pytest.fixture(scope="session")
def data() -> Path:
    """The data sets' folder; they are no part of the project, so a checkout may come without them."""
    try:
        return data_folder()
    except ModelError as error:
        pytest.skip(str(error))
