from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.data import Corpus
from models.errors import ModelError
from models.training.checkpoint import load_checkpoint
from models.training.loop import Trained, set_weights, train
from models.training.recipe import Recipe
from models.training.selection import logits


def weights_of(recipe: Recipe, corpus: Corpus) -> dict[str, torch.Tensor]:
    return train(recipe, recipe.base, corpus).network.state_dict()


def test_both_heads_learn(tiny_trained: Trained) -> None:
    assert tiny_trained.reports[-1].loss < tiny_trained.reports[0].loss / 2
    best = tiny_trained.reports[tiny_trained.best_epoch - 1]
    assert best.dev["own"].accuracy >= 0.9
    assert best.macro_f1 >= 0.9


def test_the_best_epoch_is_kept(tiny_trained: Trained) -> None:
    means = [report.macro_f1 for report in tiny_trained.reports]
    assert means[tiny_trained.best_epoch - 1] == max(means)


def test_the_same_seed_gives_the_same_weights(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    short = tiny_recipe.model_copy(update={"epochs": 1})
    one, two = (weights_of(short, tiny_corpus) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)
    other = weights_of(short.model_copy(update={"seed": 4}), tiny_corpus)
    assert not torch.equal(one["tone.weight"], other["tone.weight"])


def test_frozen_word_vectors_stay_as_the_base_has_them(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    frozen = tiny_recipe.model_copy(update={"epochs": 1, "freeze_word_embeddings": True})
    free = tiny_recipe.model_copy(update={"epochs": 1})
    name = "encoder.embeddings.word_embeddings.weight"
    base = load_file(Path(tiny_recipe.base) / "model.safetensors")["embeddings.word_embeddings.weight"]
    assert torch.equal(weights_of(frozen, tiny_corpus)[name], base)
    assert not torch.equal(weights_of(free, tiny_corpus)[name], base)


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


def test_rows_of_two_classes_say_nothing_of_the_third(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    rows = tuple(
        replace(row, classes=(0, 2)) for row in tiny_corpus.train if row.task == "tone" and row.label != 1
    )
    corpus = Corpus(train=rows, dev=rows, tests={})
    plain = tiny_recipe.model_copy(update={"epochs": 1, "weight_decay": 0.0})
    before = weights_of(plain.model_copy(update={"learning_rate": 1e-30}), corpus)
    after = weights_of(plain, corpus)
    assert torch.equal(before["tone.bias"][1], after["tone.bias"][1])
    assert not torch.equal(before["tone.bias"][0], after["tone.bias"][0])


def test_a_student_learns_from_its_teacher_what_no_label_says(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    tone_only = Corpus(
        train=tuple(row for row in tiny_corpus.train if row.task == "tone"),
        dev=tuple(row for row in tiny_corpus.dev if row.task == "tone"),
        tests={},
    )
    texts = tmp_path / "texts.csv"
    said = [row.text for row in tiny_corpus.train if row.task == "topic"]
    texts.write_text("id,text\n" + "".join(f"{i},{text}\n" for i, text in enumerate(said)))
    recipe = tiny_recipe.model_copy(
        update={"teachers": (str(tiny_checkpoint),), "distil_weight": 0.9, "distil_texts": (str(texts),)}
    )
    out = tmp_path / "out"
    student = train(recipe, recipe.base, tone_only, folder=out)
    topics = [row for row in tiny_corpus.dev if row.task == "topic"]
    ids = [encoding.ids for encoding in student.tokenizer.encode_batch([row.text for row in topics])]
    guesses = logits(student.network, ids, 0)[1].argmax(1).tolist()
    right = sum(guess == row.label for guess, row in zip(guesses, topics, strict=True))
    assert right >= 0.8 * len(topics), "no topic label was ever shown"
    assert (out / "teachers.safetensors").is_file()


def test_noise_leaves_a_plain_network_and_its_ranges(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    noisy = tiny_recipe.model_copy(update={"quantisation_noise": True, "epochs": 4})
    trained = train(noisy, noisy.base, tiny_corpus)
    assert len(trained.activation_ranges) == 2 * 6
    assert all(low <= 0 < high for low, high in trained.activation_ranges.values())
    quiet = train(tiny_recipe.model_copy(update={"epochs": 4}), noisy.base, tiny_corpus)
    assert set(trained.network.state_dict()) == set(quiet.network.state_dict())
    assert not any(module._forward_pre_hooks for module in trained.network.modules())
    assert quiet.activation_ranges == {}


def test_the_moving_average_is_kept_instead_of_the_last_weights(
    tiny_recipe: Recipe, tiny_corpus: Corpus
) -> None:
    once = tiny_recipe.model_copy(update={"epochs": 1})
    last = weights_of(once, tiny_corpus)
    mean = weights_of(once.model_copy(update={"ema_decay": 0.9}), tiny_corpus)
    start = weights_of(once.model_copy(update={"learning_rate": 1e-30}), tiny_corpus)

    def distance(one: dict[str, torch.Tensor], two: dict[str, torch.Tensor]) -> float:
        return sum(float((one[name] - two[name]).square().sum()) for name in one)

    assert 0 < distance(mean, start) < distance(last, start), "it lags behind"


def test_some_of_the_layers_can_be_started_from(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    one = tiny_recipe.model_copy(update={"layers": (1,), "learning_rate": 1e-30, "epochs": 1})
    state = weights_of(one, tiny_corpus)
    base = load_file(Path(tiny_recipe.base) / "model.safetensors")
    name = "attention.self.query.weight"
    assert torch.equal(state[f"encoder.encoder.layer.0.{name}"], base[f"encoder.layer.1.{name}"])
    assert not any("layer.1." in key for key in state)
    with pytest.raises(ModelError, match="layers 0 to 1, none numbered"):
        train(tiny_recipe.model_copy(update={"layers": (0, 5)}), tiny_recipe.base, tiny_corpus)


def test_a_checkpoint_is_trained_on_with_its_heads(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tiny_checkpoint: Path
) -> None:
    still = tiny_recipe.model_copy(update={"epochs": 1, "learning_rate": 1e-30})
    onward = train(still, str(tiny_checkpoint), tiny_corpus).network.state_dict()
    saved = load_file(tiny_checkpoint / "network.safetensors")
    assert torch.equal(onward["tone.weight"], saved["tone.weight"])


def test_weights_go_by_set_and_task(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    rows = tuple(replace(row, source=row.task) for row in tiny_corpus.train)
    corpus = replace(tiny_corpus, train=tuple(replace(row, source=f"my_{row.task}") for row in rows))
    recipe = tiny_recipe.model_copy(update={"weights": {"my_tone": 2.0, "tone": 1.5}})
    assert set_weights(recipe, corpus) == {"my_tone": 3.0, "my_topic": 1.0, "distil": 1.0}
    with pytest.raises(ModelError, match="weights: 'other' is no set or task of this training"):
        set_weights(tiny_recipe.model_copy(update={"weights": {"other": 1.0}}), corpus)
