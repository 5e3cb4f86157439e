from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import BertModel

from models.data import Corpus
from models.errors import ModelError
from models.training.checkpoint import load_checkpoint
from models.training.loop import EpochReport, Trained, train
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


@pytest.mark.parametrize("tune", ["top", "lora"])
def test_parts_of_the_encoder_learn(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tmp_path: Path, tune: str
) -> None:
    recipe = tiny_recipe.model_copy(update={"tune": tune, "top_layers": 1, "lora_rank": 4, "epochs": 6})
    trained = train(recipe, recipe.base, tiny_corpus, folder=tmp_path)
    assert trained.reports[-1].loss < trained.reports[0].loss
    state = trained.network.encoder.state_dict()
    base = load_file(Path(recipe.base) / "model.safetensors")
    assert set(state) == set(base), "a plain encoder again"
    moved = {name for name in base if not torch.equal(base[name], state[name])}
    if tune == "top":
        assert moved
        assert all(name.startswith("encoder.layer.1.") for name in moved)
    else:
        weights = {name for name in base if name.endswith(("query.weight", "key.weight", "value.weight"))}
        assert weights <= moved <= weights | {name for name in base if name.endswith("dense.weight")}
        adapter = sorted(file.name for file in (tmp_path / "adapter").iterdir() if file.suffix != ".md")
        assert adapter == ["adapter_config.json", "adapter_model.safetensors", "heads.safetensors"]


def test_an_adapter_makes_the_network_anew(tiny_recipe: Recipe, tiny_corpus: Corpus, tmp_path: Path) -> None:
    recipe = tiny_recipe.model_copy(update={"tune": "lora", "epochs": 1, "quantisation_noise": True})
    trained = train(recipe, recipe.base, tiny_corpus, folder=tmp_path)
    assert len(trained.activation_ranges) == 2 * 6
    encoder = BertModel.from_pretrained(recipe.base, add_pooling_layer=False)
    again = PeftModel.from_pretrained(encoder, tmp_path / "adapter").merge_and_unload().state_dict()
    for name, tensor in trained.network.encoder.state_dict().items():
        torch.testing.assert_close(again[name], tensor)
    heads = load_file(tmp_path / "adapter" / "heads.safetensors")
    assert torch.equal(heads["topic.weight"], trained.network.topic.weight)


def test_an_unknown_product_for_low_rank_additions_is_named(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    recipe = tiny_recipe.model_copy(update={"tune": "lora", "lora_targets": ("nowhere",)})
    with pytest.raises(ModelError, match=r"lora_targets: .*nowhere"):
        train(recipe, recipe.base, tiny_corpus)


def test_it_stops_early_when_nothing_gets_better(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    still = tiny_recipe.model_copy(update={"learning_rate": 1e-30, "patience": 2})
    trained = train(still, still.base, tiny_corpus)
    assert (len(trained.reports), trained.best_epoch) == (3, 1)


@pytest.mark.parametrize("update", [{"adversarial": 0.1}, {"class_weights": "balanced"}])
def test_it_learns_otherwise_but_learns(
    tiny_recipe: Recipe, tiny_corpus: Corpus, update: dict[str, object]
) -> None:
    uneven = replace(tiny_corpus, train=tiny_corpus.train[5:])
    plain = weights_of(tiny_recipe, uneven)
    trained = train(tiny_recipe.model_copy(update=update), tiny_recipe.base, uneven)
    assert trained.reports[-1].macro_f1 > 0.8
    assert not torch.equal(trained.network.state_dict()["tone.weight"], plain["tone.weight"])
    assert not any(module._forward_hooks for module in trained.network.modules())


class Killed(BaseException):
    pass


ALL_PARTS = {
    "epochs": 3,
    "save_steps": 2,
    "ema_decay": 0.9,
    "quantisation_noise": True,
    "quantisation_start_share": 0.3,
    "adversarial": 0.05,
}


@pytest.fixture(scope="module", params=["full", "lora"])
def whole(request: pytest.FixtureRequest, tiny_recipe: Recipe, tiny_corpus: Corpus) -> tuple[Recipe, Trained]:
    recipe = tiny_recipe.model_copy(update=ALL_PARTS | {"tune": request.param})
    return recipe, train(recipe, recipe.base, tiny_corpus)


@pytest.mark.parametrize("at", [1, 5, 17])
def test_a_training_that_was_cut_off_ends_with_the_same_weights(
    whole: tuple[Recipe, Trained], tiny_corpus: Corpus, tmp_path: Path, at: int
) -> None:
    recipe, uncut = whole

    def die(done: int, steps: int, loss: float) -> None:
        if done == at:
            raise Killed

    with pytest.raises(Killed):
        train(recipe, recipe.base, tiny_corpus, die, folder=tmp_path / "cut")
    heard: list[int] = []
    resumed = train(
        recipe, recipe.base, tiny_corpus, lambda done, *_: heard.append(done), folder=tmp_path / "cut"
    )
    assert at - 2 < min(heard) <= at, "it went on from the last state"
    assert resumed.reports == uncut.reports
    assert resumed.activation_ranges == uncut.activation_ranges
    for name, tensor in uncut.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], tensor), name
    assert {file.suffix for file in (tmp_path / "cut" / "state").iterdir()} == {".json", ".safetensors"}


def test_every_epoch_is_reported(tiny_recipe: Recipe, tiny_corpus: Corpus) -> None:
    heard: list[EpochReport] = []
    recipe = tiny_recipe.model_copy(update={"epochs": 2})
    trained = train(recipe, recipe.base, tiny_corpus, report=heard.append)
    assert tuple(heard) == trained.reports
