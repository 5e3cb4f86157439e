"""Nothing a feed writes can steer a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from dashboards.text import printable


def test_escape_sequences_lose_their_escape() -> None:
    assert printable("\x1b[2J\x1b[31mBank\x07 fails\x9b0m") == "[2J [31mBank fails 0m"


def test_lines_become_one_line() -> None:
    assert printable("Bank\r\nfails\u2028again\u2029 today\t.\x0b\x85") == "Bank fails again today ."


def test_marks_that_reorder_or_hide_go() -> None:
    assert printable("\u202eliaf\u202c bank\u200b\u2066s\u2069\ufeff\u00ad\u200f") == "liaf banks"


def test_letters_keep_at_most_two_stacked_marks() -> None:
    assert printable("e" + "\u0301" * 40) == "e" + "\u0301" * 2
    assert printable("Société") == "Société"


def test_half_pairs_and_private_characters_are_replaced() -> None:
    assert printable("a\ud800b\ue000c") == "a\ufffdb\ufffdc"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert printable("x" * 301) == "x" * 299 + "…"
    assert printable("x" * 300) == "x" * 300


def test_markup_is_left_for_whoever_shows_it_as_text() -> None:
    assert printable("[bold]Bank[/bold] [link=x]y") == "[bold]Bank[/bold] [link=x]y"


@given(st.text(alphabet=st.characters(), max_size=200), st.integers(1, 50))
def test_only_characters_of_one_line_remain(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert not {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} & {unicodedata.category(character) for character in shown}
    assert shown == printable(shown, limit)
    shown.encode()
