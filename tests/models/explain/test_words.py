from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.explain.words import Span, in_groups, join_tokens, sum_by_word, without, word_spans

TEXTS = st.text(alphabet="ab1 .,%$-'利润跌é🚀\u0301\t", max_size=40)


@st.composite
def tokenised(draw: st.DrawFn) -> tuple[str, list[Span]]:
    """A text and spans of it, in order and apart as a tokenizer gives them, empty ones among them."""
    text = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    pairs = list(pairwise(cuts))
    return text, [Span(*pair) for pair in pairs if draw(st.booleans())]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Profit rose 3.5%.", ["Profit", "rose", "3.5%", "."]),
        ("it's a mid-cap (up $1,200.50)", ["it's", "a", "mid-cap", "(", "up", "$1,200.50", ")"]),
        ("净利润下跌12%，股价", ["净", "利", "润", "下", "跌", "12%", "，", "股", "价"]),
        ("M&A 2024/25", ["M&A", "2024/25"]),
        ("🚀🚀 to the moon!!!", ["🚀🚀", "to", "the", "moon", "!!!"]),
        ("", []),
    ],
)
def test_words_are_what_a_person_reads(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in word_spans(text)] == words


@given(tokenised())
def test_words_are_in_order_and_miss_no_visible_character(case: tuple[str, list[Span]]) -> None:
    text, tokens = case
    words, _ = join_tokens(text, tokens)
    assert all(a.end <= b.start for a, b in pairwise(words))
    covered = {i for word in words for i in range(*word)}
    assert {i for i, letter in enumerate(text) if not letter.isspace()} <= covered


@given(tokenised())
def test_every_token_lies_in_its_word(case: tuple[str, list[Span]]) -> None:
    text, tokens = case
    words, owners = join_tokens(text, tokens)
    for token, owner in zip(tokens, owners, strict=True):
        if text[token.start : token.end].strip():
            word, piece = words[owner], text[token.start : token.end]
            assert word.start <= token.start + len(piece) - len(piece.lstrip())
            assert token.start + len(piece.rstrip()) <= word.end


@given(tokenised(), st.data())
def test_words_sum_to_what_tokens_sum_to(case: tuple[str, list[Span]], data: st.DataObject) -> None:
    text, tokens = case
    words, owners = join_tokens(text, tokens)
    values = [float(data.draw(st.integers(-1000, 1000))) for _ in tokens]
    sums = sum_by_word(values, owners, len(words))
    assert len(sums) == len(words)
    assert sum(sums) == (sum(values) if words else 0)


def test_word_pieces_are_joined() -> None:
    text = "withdrawals halted"
    words, owners = join_tokens(text, [Span(0, 8), Span(8, 11), Span(12, 18)])
    assert [text[start:end] for start, end in words] == ["withdrawals", "halted"]
    assert owners == [0, 0, 1]


def test_a_chinese_word_of_the_vocabulary_is_one_word() -> None:
    text = "利润下跌"
    words, owners = join_tokens(text, [Span(0, 2), Span(2, 3), Span(3, 4)])
    assert [text[start:end] for start, end in words] == ["利润", "下", "跌"]
    assert owners == [0, 1, 2]


def test_a_token_of_white_space_goes_with_the_next_word() -> None:
    assert join_tokens("a  b ", [Span(0, 1), Span(1, 2), Span(2, 4), Span(4, 5)])[1] == [0, 1, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=60), st.integers(1, 20))
def test_groups_keep_to_the_limit_and_miss_nothing(steps: list[tuple[int, int]], limit: int) -> None:
    words, at = [], 0
    for gap, length in steps:
        words.append(Span(at + gap, at + gap + length))
        at += gap + length
    groups = in_groups(words, limit)
    assert len(groups) <= limit
    assert [w for g in groups for w in words if g.start <= w.start and w.end <= g.end] == words
    if len(words) <= limit:
        assert groups == words


def test_a_gap_is_closed() -> None:
    assert without("profit has doubled", Span(7, 10)) == "profit doubled"
    assert without("profit", Span(0, 6)) == ""
