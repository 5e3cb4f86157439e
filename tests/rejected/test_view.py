"""Hostile bytes on a terminal."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Reason
from pipeline.rejected.view import ADVICE, hex_dump, printable, raw_lines


@given(st.text(st.characters(codec=None)))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = printable(text)
    assert shown.isprintable() or " " in shown or any(ord(c) > 127 for c in shown)
    assert not any(c in shown for c in "\x1b\x07\x08\r\n\x9b\u202e\u2066\u200b")
    shown.encode()  # no half of a surrogate pair


def test_plain_words_stay_as_they_are() -> None:
    assert printable("Kreditgeber schließt, 银行倒闭 📉") == "Kreditgeber schließt, 银行倒闭 📉"


def test_escapes_say_what_was_there() -> None:
    assert printable("\x1b[31m\u202e") == "\\x1b[31m\\u202e"


@given(st.binary(max_size=200))
def test_any_bytes_can_be_looked_at(raw: bytes) -> None:
    assert all(line.isprintable() or not line.isascii() for line in raw_lines(raw))


def test_text_is_shown_line_by_line() -> None:
    assert raw_lines(b'{"id": 1,\n\t"x"') == ['{"id": 1,', '\\x09"x"']


def test_what_is_no_text_is_a_hex_dump() -> None:
    assert raw_lines(b"\xff\x00ok") == ["00000000  ff 00 6f 6b" + " " * 36 + "  ..ok"]
    assert len(hex_dump(bytes(100))) == 7


def test_a_limit_cuts_text_between_characters() -> None:
    assert raw_lines("银行".encode(), 1) == ["银"]
    assert raw_lines(b"\xff" * 40, 16) == hex_dump(b"\xff" * 16)


def test_there_is_advice_for_every_reason() -> None:
    assert set(ADVICE) == set(get_args(Reason))
