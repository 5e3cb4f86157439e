from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import TemplateProcessing

from models.serving.backend import Outputs
from models.serving.reading import MAX_WINDOWS, Reader, Windows, pool

LENGTH = 12
CONTENT = LENGTH - 2
WORDS = 400


def tokenizer() -> Tokenizer:
    vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2} | {f"w{n}": n + 3 for n in range(WORDS)}
    made: Any = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = WhitespaceSplit()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return made


def ids_of(windows: Windows) -> list[list[int]]:
    rows = windows.ids
    return [rows.flat[start:end].tolist() for start, end in zip(rows.starts, rows.ends, strict=True)]


def text(words: int) -> str:
    return " ".join(f"w{n}" for n in range(words))


LEAD, WINDOWS = Reader(tokenizer(), LENGTH), Reader(tokenizer(), LENGTH, "windows")


def test_the_lead_is_the_start_that_fits() -> None:
    read = LEAD.read([text(3), text(50), ""])
    assert [ids[1:-1] for ids in ids_of(read)] == [[3, 4, 5], list(range(3, 3 + CONTENT)), []]
    assert read.firsts.tolist() == [0, 1, 2]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_windows_read_every_word_up_to_the_last_window(counts: list[int]) -> None:
    read = WINDOWS.read([text(count) for count in counts])
    ends = [*read.firsts[1:], len(read.ids)]
    for count, first, end in zip(counts, read.firsts, ends, strict=True):
        windows = [ids[1:-1] for ids in ids_of(read)[first:end]]
        assert all(len(ids) <= LENGTH for ids in ids_of(read)[first:end])
        assert len(windows) <= MAX_WINDOWS
        words = sorted({word for window in windows for word in window})
        most = CONTENT + (MAX_WINDOWS - 1) * (CONTENT - 2)
        assert words == list(range(3, 3 + min(count, most)))
        # What is new in the windows adds up to the words that were read.
        fresh = read.weights[first:end] * np.arange(1, len(windows) + 1)
        assert round(fresh.sum(), 6) == max(1, len(words))


def test_the_first_window_is_the_lead() -> None:
    assert ids_of(WINDOWS.read([text(50)]))[0] == ids_of(LEAD.read([text(50)]))[0]


def test_windows_look_at_more_of_a_text_but_not_at_all_of_a_megabyte() -> None:
    assert WINDOWS.max_chars == MAX_WINDOWS * LEAD.max_chars
    assert len(WINDOWS.cut("x" * 1_000_000)) == WINDOWS.max_chars
    assert Reader(tokenizer(), 96).max_chars == 1000


def test_lone_surrogates_are_replaced() -> None:
    assert LEAD.cut("a\ud83db") == "a\ufffdb"
    assert ids_of(LEAD.read(["\ud83d"])) == [[1, 0, 2]]


def test_the_mean_is_weighted_by_what_is_new_and_by_the_place() -> None:
    read = WINDOWS.read([text(3), text(15)])
    assert read.firsts.tolist() == [0, 1]
    assert read.weights.tolist() == [3, 10, 5 / 2]
    values = np.array([[6.0], [1.0], [6.0]], np.float32)
    pooled = pool(read, Outputs(values, values, None))
    assert pooled.tone.tolist() == [[6.0], [2.0]]
    assert pooled.pooled is None
    assert pool(read, Outputs(values, values, values)).pooled is not None


def test_without_long_texts_nothing_is_computed() -> None:
    values = np.ones((2, 3), np.float32)
    outputs = Outputs(values, values, values)
    assert pool(WINDOWS.read([text(2), text(4)]), outputs) is outputs


@pytest.mark.parametrize("reader", [LEAD, WINDOWS])
def test_no_texts_are_no_windows(reader: Reader) -> None:
    read = reader.read([])
    assert len(read.ids) == 0
    assert len(read.firsts) == 0
