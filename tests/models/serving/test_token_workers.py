from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models.errors import ModelError
from models.serving.opening import model_folder
from models.serving.reading import LongTexts, Reader, Windows
from models.serving.token_worker import parts_to_texts, read_frame, texts_to_parts, write_frame
from models.serving.token_workers import PIECE, TokenWorkers
from tests.headlines import headlines

FILE = model_folder("en") / "tokenizer.json"


def reader(long_texts: LongTexts) -> Reader:
    return Reader(Tokenizer.from_file(str(FILE)), 24, long_texts)


@pytest.fixture(params=["lead", "windows"])
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Reader, TokenWorkers]]:
    here = reader(request.param)
    workers = TokenWorkers(here, FILE, processes=2)
    yield here, workers
    workers.close()


def same(one: Windows, other: Windows) -> bool:
    return (
        np.array_equal(one.ids.flat, other.ids.flat)
        and np.array_equal(one.ids.lengths, other.ids.lengths)
        and np.array_equal(one.firsts, other.firsts)
        and np.array_equal(one.weights, other.weights)
    )


def test_processes_read_as_the_reader_does(both: tuple[Reader, TokenWorkers]) -> None:
    here, workers = both
    texts = [*headlines(2 * PIECE), "", "\x00\x07", "up \ud83d down", "🚀" * 50, "word " * 5000]
    assert same(workers.read(texts), here.read(texts))
    assert same(workers.read([]), here.read([]))
    with ThreadPoolExecutor(3) as pool:
        parts = [texts[start::3] for start in range(3)]
        for part, windows in zip(parts, pool.map(workers.read, parts), strict=True):
            assert same(windows, here.read(part))


def test_a_process_that_has_ended_is_told_of() -> None:
    workers = TokenWorkers(reader("lead"), Path("no such tokenizer"), processes=1)
    with pytest.raises(ModelError, match="a process that tokenises has ended"):
        workers.read(["Profit rose."])
    workers.close()


@given(st.lists(st.text()))
def test_texts_pass_through_frames(texts: list[str]) -> None:
    stream = io.BytesIO()
    write_frame(stream, texts_to_parts(texts))
    whole = stream.getvalue()
    parts = read_frame(io.BytesIO(whole))
    assert parts is not None
    assert parts_to_texts(parts) == texts
    assert read_frame(io.BytesIO(whole[:-1])) is None or not texts or not "".join(texts)
    assert read_frame(io.BytesIO()) is None
