"""From the tokens a model reads to the words a person reads."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W{_CJK}]"
_WORD = re.compile(
    rf"[{_CJK}]"  # a Chinese character or kana is a word until a token joins several
    rf"|[$€£¥]?{_LETTER}(?:{_LETTER}|[.,'’&/:+-](?={_LETTER}))*%?"
    r"|[^\w\s]+"
)


class Span(NamedTuple):
    """Characters `start` to `end` (exclusive) of a text."""

    start: int
    end: int


def word_spans(text: str) -> list[Span]:
    """Where the words of a text are: runs of letters and digits, single Chinese characters, punctuation.

    >>> text = "Profit rose 3.5%, 利润"
    >>> [text[start:end] for start, end in word_spans(text)]
    ['Profit', 'rose', '3.5%', ',', '利', '润']
    """
    return [Span(*match.span()) for match in _WORD.finditer(text)]


def join_tokens(text: str, tokens: Sequence[Span]) -> tuple[list[Span], list[int]]:
    """Words that no token straddles, and the index of the word that each token belongs to.

    A token that reaches over several words joins them (a vocabulary may hold whole Chinese words); a token of
    white space alone goes with the word after it, at the end of the text with the one before. Where a text
    has no word at all, the index is -1.
    """
    trimmed = [_trim(text, token) for token in tokens]
    words: list[Span] = []
    for start, end in sorted([*word_spans(text), *(span for span in trimmed if span.start < span.end)]):
        if words and start < words[-1].end:
            words[-1] = Span(words[-1].start, max(end, words[-1].end))
        else:
            words.append(Span(start, end))
    ends = [word.end for word in words]
    owners = [min(bisect_right(ends, token.start), len(words) - 1) for token in trimmed]
    return words, owners


def sum_by_word(values: Sequence[float], owners: Sequence[int], words: int) -> tuple[float, ...]:
    """Add up what tokens contribute, word by word."""
    sums = [0.0] * words
    for value, owner in zip(values, owners, strict=True):
        if owner >= 0:
            sums[owner] += value
    return tuple(sums)


def in_groups(words: Sequence[Span], limit: int) -> list[Span]:
    """Neighbouring words joined evenly, so that at most `limit` spans remain."""
    size = max(1, -(-len(words) // limit))
    groups = [words[i : i + size] for i in range(0, len(words), size)]
    return [Span(group[0].start, group[-1].end) for group in groups]


def without(text: str, span: Span) -> str:
    """The text with these characters left out and the gap closed."""
    return " ".join(f"{text[: span.start]} {text[span.end :]}".split())


def _trim(text: str, token: Span) -> Span:
    """Without white space on either side."""
    piece = text[token.start : token.end]
    start = token.start + len(piece) - len(piece.lstrip())
    return Span(start, max(start, token.start + len(piece.rstrip())))
