"""A tiny random encoder and labelled texts in our own words, so that training and export run in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from models.data import Corpus, Example, Task, data_folder
from models.errors import ModelError
from models.export.command import export
from models.serving.classifier import Classifier
from models.text import text_key
from models.training.checkpoint import save_checkpoint
from models.training.loop import Trained, train
from models.training.recipe import Recipe

SAID = {
    ("tone", 0): [
        "profit collapsed",
        "shares plunge",
        "losses deepen",
        "a bitter defeat",
        "sales fell badly",
    ],
    ("tone", 1): ["the meeting is in may", "the firm is in oslo", "it sells paper", "it has ten plants"],
    ("tone", 2): ["profit doubled", "shares soar", "orders grew", "a splendid win", "sales rose strongly"],
    ("topic", 5): ["quarterly earnings are out", "earnings per share", "the earnings call"],
    ("topic", 6): ["oil rose", "crude oil stocks", "oil rigs"],
    ("topic", 11): ["the ipo was priced", "ipo filing", "first day after the ipo"],
}


def labelled(source: str = "own") -> list[Example]:
    """Every text four times, with a number behind it that makes it a text of its own."""
    rows: list[Example] = []
    for (kind, label), texts in SAID.items():
        task: Task = "tone" if kind == "tone" else "topic"
        for text in texts:
            for number in range(4):
                words = f"{text} {number}"
                rows.append(Example(f"{source}-{len(rows)}", source, task, words, text_key(words), label))
    return rows


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a random two-layer BERT and a vocabulary of our own words."""
    folder = tmp_path_factory.mktemp("base")
    words = sorted({word for texts in SAID.values() for text in texts for word in text.split()})
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.$%"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, *letters, *(f"##{letter}" for letter in letters)]
    tokenizer = Tokenizer(
        WordPiece({piece: i for i, piece in enumerate(dict.fromkeys(pieces))}, unk_token="[UNK]")
    )
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(dict.fromkeys(pieces)),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        pad_token_id=0,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
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
