from pathlib import Path

import pytest

from models.errors import ModelError
from models.training.encoding import open_tokenizer, pad


def test_a_base_without_a_tokenizer_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no tokenizer.json"):
        open_tokenizer(str(tmp_path), 32)


def test_short_rows_are_filled_up() -> None:
    ids, mask = pad([[5, 6], [7]], pad_id=1, length=3)
    assert ids.tolist() == [[5, 6, 1], [7, 1, 1]]
    assert mask.tolist() == [[1, 1, 0], [1, 0, 0]]
