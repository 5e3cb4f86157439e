"""The same training on a GPU; passed over where there is none."""

from pathlib import Path

import pytest
import torch

from models.data import Corpus
from models.training.loop import train
from models.training.precision import has_bf16
from models.training.recipe import Recipe

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


class Killed(BaseException):
    pass


def test_it_learns_in_bf16_and_goes_on_after_a_kill(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tmp_path: Path
) -> None:
    assert has_bf16(torch.device("cuda"))
    recipe = tiny_recipe.model_copy(
        update={"quantisation_noise": True, "ema_decay": 0.9, "adversarial": 0.05, "save_steps": 5}
    )

    def die(done: int, steps: int, loss: float) -> None:
        if done == 18:
            raise Killed

    with pytest.raises(Killed):
        train(recipe, recipe.base, tiny_corpus, die, folder=tmp_path)
    heard: list[int] = []
    trained = train(recipe, recipe.base, tiny_corpus, lambda done, *_: heard.append(done), folder=tmp_path)
    assert heard[0] == 16
    assert trained.reports[-1].macro_f1 >= 0.9
    assert trained.network.tone.weight.device.type == "cpu"


def test_a_teacher_answers_on_the_gpu(
    tiny_recipe: Recipe, tiny_corpus: Corpus, tiny_checkpoint: Path
) -> None:
    recipe = tiny_recipe.model_copy(update={"teachers": (str(tiny_checkpoint),)})
    assert train(recipe, recipe.base, tiny_corpus).reports[-1].macro_f1 >= 0.9
