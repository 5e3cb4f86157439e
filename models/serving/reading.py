"""From texts to the token ids that a model reads: the start of a text, or windows over all of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.serving.backend import Floats, Outputs
from models.serving.tokens import TokenRows
from models.text import MAX_CHARS, without_surrogates

LongTexts = Literal["lead", "windows"]

MAX_WINDOWS: Final = 8
"""Windows that are read of one text, so that a megabyte costs no more than eight short texts."""
OVERLAP: Final = 0.25
"""Share of a window that the one before has read already."""
CHARS_PER_TOKEN: Final = MAX_CHARS / 96
"""No language needs more characters for a token, but for runs of letters that say nothing."""


class Windows(NamedTuple):
    """What is read of n texts."""

    ids: TokenRows
    """Token ids of every window; the windows of a text stand together, in the text's order."""
    firsts: npt.NDArray[np.int64]
    """(n,) index of each text's first window."""
    weights: npt.NDArray[np.float64]
    """How much each window counts in its text: by the tokens that the one before has not read, and less
    the further down it stands (1, 1/2, 1/3, …), as news is written."""


class Reader:
    """A tokenizer, and how much of a text it reads; safe to share between threads."""

    def __init__(self, tokenizer: Tokenizer, max_length: int, long_texts: LongTexts = "lead") -> None:
        self.max_length = max_length
        self.long_texts: LongTexts = long_texts
        content = max_length - tokenizer.num_special_tokens_to_add(is_pair=False)
        self._overlap = int(OVERLAP * content) if long_texts == "windows" else 0
        self._all = long_texts == "windows" and content > 1
        chars = round(CHARS_PER_TOKEN * max_length)
        self.max_chars = chars * MAX_WINDOWS if self._all else chars
        """Characters of a text that are looked at."""
        self._special = max_length - content
        self._tokenizer = tokenizer
        tokenizer.enable_truncation(max_length, stride=self._overlap)
        tokenizer.no_padding()

    def cut(self, text: str) -> str:
        """The part of a text that decides its scores: tokenising a megabyte for 96 tokens takes a second."""
        return without_surrogates(text[: self.max_chars])

    def read(self, texts: Sequence[str]) -> Windows:
        """Tokenise texts, each as one window, its start, or as all of its windows."""
        encodings = self._tokenizer.encode_batch_fast([self.cut(text) for text in texts])
        if not self._all:
            ids = TokenRows.of(encoding.ids for encoding in encodings)
            return Windows(ids, np.arange(len(ids)), np.ones(len(ids)))
        windows = [[each, *each.overflowing[: MAX_WINDOWS - 1]] for each in encodings]
        ids = TokenRows.of(window.ids for window in chain.from_iterable(windows))
        counts = np.array([len(each) for each in windows], dtype=np.int64)
        firsts = np.cumsum(counts) - counts
        fresh = ids.lengths - self._special - self._overlap
        fresh[firsts] += self._overlap
        places = np.arange(len(ids)) - np.repeat(firsts, counts)
        return Windows(ids, firsts, np.maximum(fresh, 1) / (1 + places))


def pool(windows: Windows, outputs: Outputs) -> Outputs:
    """Outputs of the windows → of the texts: their weighted mean."""
    if len(windows.ids) == len(windows.firsts):
        return outputs
    weights = windows.weights[:, None]
    totals = np.add.reduceat(weights, windows.firsts, axis=0)

    def mean(values: Floats) -> Floats:
        sums = np.add.reduceat(values * weights, windows.firsts, axis=0)
        return np.asarray(sums / totals, dtype=np.float32)

    pooled = None if outputs.pooled is None else mean(outputs.pooled)
    return Outputs(mean(outputs.tone), mean(outputs.topic), pooled)
