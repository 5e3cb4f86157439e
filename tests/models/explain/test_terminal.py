from __future__ import annotations

import io

from rich.console import Console

from models.explain import Explanation
from models.explain.terminal import show_explanation


def shown(explanation: Explanation, *, colours: bool = False, words: int = 10) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=colours, no_color=not colours)
    show_explanation(explanation, console, words=words)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_signs_say_what_colours_say(explanation: Explanation) -> None:
    plain = shown(explanation)
    assert "+profit did −not +double, said <b>Ann</b> [not read: & co, at length]" in plain
    assert "tone: positive, probability 0.750 (where the text says nothing: 0.020)" in plain
    assert "completeness error 0.010 (0.2%), 64 steps" in plain


def test_the_heaviest_words_come_first_and_the_rest_is_summed(explanation: Explanation) -> None:
    lines = [line.split() for line in shown(explanation, words=2).splitlines()]
    rows = [line[:2] for line in lines if len(line) > 1 and line[1][:1] in "+−" and line[1][1:2].isdigit()]
    assert rows == [["double", "+4.00"], ["profit", "+2.00"]]
    assert ["3", "others", "−0.99"] in lines


def test_hostile_text_does_not_steer_the_terminal(hostile: Explanation) -> None:
    plain = shown(hostile)
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    assert "<script>alert(1)</script>" in plain
    assert "\x1b[2J" not in shown(hostile, colours=True)
