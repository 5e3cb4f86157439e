from dataclasses import replace

import pytest
import torch

from models.data import Corpus, Example
from models.errors import ModelError
from models.taxonomy import topic_ids
from models.training.encoding import open_tokenizer
from models.training.recipe import Recipe
from models.training.rows import balanced_weights, prepare_rows, set_weights


def test_weights_go_by_set_and_task(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    rows = tuple(replace(row, source=row.task) for row in tiny_corpus.train)
    corpus = replace(tiny_corpus, train=tuple(replace(row, source=f"my_{row.task}") for row in rows))
    recipe = tiny_recipe.model_copy(update={"weights": {"my_tone": 2.0, "tone": 1.5}})
    assert set_weights(recipe, corpus) == {"my_tone": 3.0, "my_topic": 1.0, "distil": 1.0}
    with pytest.raises(ModelError, match="weights: 'other' is no set or task of this training"):
        set_weights(tiny_recipe.model_copy(update={"weights": {"other": 1.0}}), corpus)


def row(source: str, label: int) -> Example:
    return Example("1", source, "tone", "a text", "a text", label)


def test_rare_classes_weigh_more_up_to_the_cap_and_one_on_average() -> None:
    rows = [row("a", 0)] * 2 + [row("a", 1)] * 18 + [row("b", 0)] * 5
    weights = balanced_weights(rows, cap=100.0)
    assert float(weights[:20].mean()) == pytest.approx(1)
    assert float(weights[:2].sum()) == pytest.approx(float(weights[2:20].sum())), (
        "both classes weigh the same"
    )
    assert torch.equal(weights[20:], torch.ones(5)), "a set of its own"
    capped = balanced_weights(rows, cap=2.0)
    assert float(capped[0] / capped[2]) == pytest.approx(2.0 / (20 / 36))


def test_equal_rows_have_equal_digests(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    tokenizer = open_tokenizer(tiny_recipe.base, 32)

    def digest(corpus: Corpus, recipe: Recipe = tiny_recipe) -> str:
        return prepare_rows(recipe, corpus, tokenizer, topic_ids()).digest()

    first = digest(tiny_corpus)
    assert digest(tiny_corpus) == first
    relabelled = replace(tiny_corpus.train[0], label=1)
    assert digest(replace(tiny_corpus, train=(relabelled, *tiny_corpus.train[1:]))) != first
    assert digest(tiny_corpus, tiny_recipe.model_copy(update={"weights": {"own": 2.0}})) != first


def test_an_epoch_has_as_many_batches_as_announced(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    rows = prepare_rows(tiny_recipe, tiny_corpus, open_tokenizer(tiny_recipe.base, 32), topic_ids())
    for size in (1, 7, 8, 1000):
        assert len(rows.epoch(0, size, 1)) == rows.steps_per_epoch(size)


def test_texts_are_changed_anew_in_every_epoch(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    tokenizer = open_tokenizer(tiny_recipe.base, 32)
    plain = prepare_rows(tiny_recipe, tiny_corpus, tokenizer, topic_ids())
    assert plain.epoch_ids(0, 1) is plain.ids
    recipe = tiny_recipe.model_copy(update={"augment_numbers": 0.5})
    rows = prepare_rows(recipe, tiny_corpus, tokenizer, topic_ids())
    first, second = rows.epoch_ids(0, 1), rows.epoch_ids(1, 1)
    assert first == rows.epoch_ids(0, 1)
    assert first != second
    changed = [ids != own for ids, own in zip(first, rows.ids, strict=True)]
    assert 0 < sum(changed) < len(changed), "about half of the numbers are hidden"
