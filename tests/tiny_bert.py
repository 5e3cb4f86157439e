"""A tiny random encoder and labelled texts in our own words, so that training and export run in seconds."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel

from models.data import Example, Task
from models.text import text_key

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


def make_tiny_base(folder: Path) -> None:
    """Write a random two-layer BERT and a vocabulary of our own words."""
    folder.mkdir(exist_ok=True)
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
