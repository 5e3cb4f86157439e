from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from models.data import Corpus
from models.errors import ModelError
from models.export.hf import export_hf
from models.taxonomy import TONES, topic_ids
from models.training.base import resolve_base
from models.training.checkpoint import load_checkpoint
from models.training.encoding import encode, pad
from models.training.network import ToneTopicNetwork
from models.training.recipe import Recipe

TEMPERATURES = (1.4, 0.7)
TEXTS = [
    "profit doubled",
    "shares plunge in oslo",
    "quarterly earnings are out",
    "oil rose and crude oil stocks fell badly",
    "a splendid win " * 12,  # longer than the 32 tokens that the model reads
    "",
    "盈利 🚀 unknown",
]


@pytest.fixture(scope="module")
def trained(tiny_checkpoint: Path) -> tuple[ToneTopicNetwork, Tokenizer]:
    network, tokenizer, _ = load_checkpoint(tiny_checkpoint)
    return network, tokenizer


@pytest.fixture(scope="module")
def folder(trained: tuple[ToneTopicNetwork, Tokenizer], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hf") / "new" / "folder"
    export_hf(
        out,
        *trained,
        tones=TONES,
        topics=topic_ids(),
        temperatures=TEMPERATURES,
        max_length=32,
        card="# a card\n",
    )
    return out


@pytest.mark.parametrize(("head", "part"), [(0, ""), (1, "topic")])
def test_plain_pipeline_gives_our_probabilities_and_labels(
    folder: Path, trained: tuple[ToneTopicNetwork, Tokenizer], head: int, part: str
) -> None:
    network, tokenizer = trained
    classify = pipeline("text-classification", model=str(folder / part), truncation=True)
    said = classify(TEXTS, top_k=None, batch_size=3)
    with torch.inference_mode():
        logits = network(*pad(encode(tokenizer, TEXTS), network.pad_id))[head]
    expected = (logits / TEMPERATURES[head]).softmax(-1)
    labels = (TONES, topic_ids())[head]
    for row, text in enumerate(TEXTS):
        scores = {one["label"]: one["score"] for one in said[row]}
        assert sorted(scores) == sorted(labels), text
        assert [scores[label] for label in labels] == pytest.approx(expected[row].tolist(), abs=1e-4), text


def test_nothing_but_the_heads_classes_tells_the_folders_apart(folder: Path) -> None:
    for part in ("", "topic", "encoder"):
        names = {file.name for file in (folder / part).iterdir() if file.is_file()}
        assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
        assert not [name for name in names if name.endswith((".bin", ".py", ".pkl"))]
        assert "auto_map" not in json.loads((folder / part / "config.json").read_text())
    assert (folder / "README.md").read_text() == "# a card\n"


def test_the_tokenizer_loads_anywhere(folder: Path, trained: tuple[ToneTopicNetwork, Tokenizer]) -> None:
    config = json.loads((folder / "tokenizer_config.json").read_text())
    assert config["tokenizer_class"] == "PreTrainedTokenizerFast"  # what transformers 4 and 5 both know
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert tokenizer(TEXTS, truncation=True)["input_ids"] == encode(trained[1], TEXTS)
    assert tokenizer.pad_token_id == trained[0].pad_id
    assert tokenizer.model_max_length == 32


def test_the_topic_head_is_trainable_on(folder: Path) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(folder / "topic")
    assert model.num_labels == len(topic_ids())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_the_encoder_is_a_base_to_train_on(
    folder: Path,
    trained: tuple[ToneTopicNetwork, Tokenizer],
    tiny_recipe: Recipe,
    tiny_corpus: Corpus,
) -> None:
    from models.training.loop import train
    from models.training.network import build_network

    base = resolve_base(str(folder / "encoder"))
    ours = trained[0].encoder.state_dict()
    assert all(
        torch.equal(tensor, ours[name])
        for name, tensor in build_network(base, 0.0).encoder.state_dict().items()
    )
    recipe = tiny_recipe.model_copy(update={"base": base, "epochs": 1})
    assert train(recipe, base, tiny_corpus).best_epoch == 1


def test_a_file_in_the_way_is_named(trained: tuple[ToneTopicNetwork, Tokenizer], tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(ModelError, match=r"cannot write to .*taken"):
        export_hf(
            tmp_path / "taken",
            *trained,
            tones=TONES,
            topics=topic_ids(),
            temperatures=(1.0, 1.0),
            max_length=32,
            card="",
        )
    assert (tmp_path / "taken").read_text() == "mine"


def test_labels_that_do_not_fit_leave_nothing_behind(
    trained: tuple[ToneTopicNetwork, Tokenizer], tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="20 classes, but there are 1 labels"):
        export_hf(
            tmp_path / "out",
            *trained,
            tones=TONES,
            topics=["only one"],
            temperatures=(1.0, 1.0),
            max_length=32,
            card="",
        )
    assert not (tmp_path / "out").exists()
