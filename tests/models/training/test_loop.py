import random
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.data import Corpus
from models.errors import ModelError
from models.training.checkpoint import load_checkpoint
from models.training.loop import Trained, epoch_batches, logits, open_tokenizer, train
from models.training.recipe import Recipe


def test_both_heads_learn(tiny_trained: Trained) -> None:
    assert tiny_trained.reports[-1].loss < tiny_trained.reports[0].loss / 2
    best = tiny_trained.reports[tiny_trained.best_epoch - 1]
    assert best.dev_accuracy["tone"] >= 0.9
    assert best.dev_accuracy["topic"] >= 0.9


def test_the_best_epoch_is_kept(tiny_trained: Trained) -> None:
    means = [sum(report.dev_accuracy.values()) for report in tiny_trained.reports]
    assert means[tiny_trained.best_epoch - 1] == max(means)


def test_the_same_seed_gives_the_same_weights(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    short = tiny_recipe.model_copy(update={"epochs": 1})
    one, two = (train(short, short.base, tiny_corpus).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = train(short.model_copy(update={"seed": 4}), short.base, tiny_corpus).network.state_dict()
    assert not torch.equal(one["tone.weight"], other["tone.weight"])


def test_frozen_word_vectors_stay_as_the_base_has_them(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    frozen = tiny_recipe.model_copy(update={"epochs": 1, "freeze_word_embeddings": True})
    free = tiny_recipe.model_copy(update={"epochs": 1})
    name = "encoder.embeddings.word_embeddings.weight"
    base = load_file(Path(tiny_recipe.base) / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert torch.equal(train(frozen, frozen.base, tiny_corpus).network.state_dict()[name], base)
    assert not torch.equal(train(free, free.base, tiny_corpus).network.state_dict()[name], base)


def test_an_epoch_sees_every_row_once_in_batches_of_one_task(tiny_corpus: Corpus) -> None:
    ids = [[0] * (1 + i % 7) for i in range(len(tiny_corpus.train))]
    batches = list(epoch_batches(ids, tiny_corpus.train, 8, random.Random(1)))
    assert sorted(row for _, rows in batches for row in rows) == list(range(len(ids)))
    assert all(tiny_corpus.train[row].task == task for task, rows in batches for row in rows)
    assert {task for task, _ in batches} == {"tone", "topic"}


def test_a_checkpoint_comes_back_as_it_was(tiny_trained: Trained, tiny_checkpoint: Path) -> None:
    network, tokenizer, training = load_checkpoint(tiny_checkpoint)
    ids = [tokenizer.encode("profit doubled").ids, tokenizer.encode("oil rose and fell").ids]
    for before, after in zip(logits(tiny_trained.network, ids, 0), logits(network, ids, 0), strict=True):
        assert torch.equal(before, after)
    assert training["recipe"]["name"] == "tiny-1"
    assert not list(tiny_checkpoint.glob("*.bin")), "no pickled weights"


def test_a_folder_without_a_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no trained network"):
        load_checkpoint(tmp_path)


def test_a_base_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no tokenizer.json"):
        open_tokenizer(str(tmp_path), 32)
