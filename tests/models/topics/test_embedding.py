import shutil
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelError
from models.serving.classifier import Classifier
from models.topics import open_embed
from models.topics.sentence_map import FILE, SentenceMap

TEXTS = ["crude oil rigs", "the ipo was priced", "profit doubled"]


def test_without_a_map_the_models_states_are_given(tiny_served: Path) -> None:
    np.testing.assert_array_equal(
        open_embed(tiny_served)(TEXTS), Classifier.load(tiny_served, backend="onnx").embed(TEXTS)
    )


def test_a_map_beside_the_model_is_used(tiny_served: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_served, folder)
    classifier = Classifier.load(folder, backend="onnx")
    width = classifier.embed(TEXTS).shape[1]
    first_two = SentenceMap(classifier.model, np.eye(width, 2, dtype=np.float32), np.ones(2, np.float32))
    first_two.save(folder / FILE)
    np.testing.assert_allclose(open_embed(folder)(TEXTS), classifier.embed(TEXTS)[:, :2] + 1, atol=1e-3)


def test_another_models_map_is_refused(tiny_served: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_served, folder)
    SentenceMap("tocsin-en-9@0", np.eye(2, dtype=np.float32), np.ones(2, np.float32)).save(folder / FILE)
    with pytest.raises(ModelError, match=r"was made for tocsin-en-9@0, .* makes one anew"):
        open_embed(folder)


def test_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a preset"):
        open_embed(tmp_path / "none")
