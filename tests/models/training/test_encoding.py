from pathlib import Path

import pytest
from transformers import BertConfig

from models.errors import ModelError
from models.training.encoding import open_tokenizer, pad


def test_a_base_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no tokenizer.json"):
        open_tokenizer(str(tmp_path), 32)


def test_a_bare_vocabulary_will_do(tmp_path: Path) -> None:
    BertConfig(vocab_size=8).save_pretrained(tmp_path)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "shares", "plun", "##ge"]
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    tokenizer = open_tokenizer(str(tmp_path), 4)
    assert tokenizer.encode("Shares plunge").tokens == ["[CLS]", "shares", "plun", "[SEP]"]


def test_no_tokenizer_is_made_up(tmp_path: Path) -> None:
    BertConfig(vocab_size=8).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=r"has no tokenizer\.json"):
        open_tokenizer(str(tmp_path), 4)


def test_short_rows_are_filled_up() -> None:
    ids, mask = pad([[5, 6], [7]], pad_id=1, length=3)
    assert ids.tolist() == [[5, 6, 1], [7, 1, 1]]
    assert mask.tolist() == [[1, 1, 0], [1, 0, 0]]
