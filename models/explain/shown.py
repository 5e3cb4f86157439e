"""What a page and a terminal show of an explanation alike."""

from __future__ import annotations

import unicodedata
from typing import Literal, NamedTuple

from models.explain.explanation import Explanation, HeadExplanation

Side = Literal["for", "against", ""]
NOTABLE = 0.05
"""A word is marked when it weighs this share of the heaviest one, or more."""
MINUS = "\u2212"


class Mark(NamedTuple):
    """How one word is marked."""

    text: str
    value: float
    """Attribution in log-odds."""
    weight: float
    """|value| as a share of the heaviest word's."""

    @property
    def side(self) -> Side:
        """What the word speaks for; empty where it hardly speaks."""
        if not self.value or self.weight < NOTABLE:
            return ""
        return "for" if self.value > 0 else "against"

    @property
    def sign(self) -> str:
        """`+` or `−` of a word that is marked."""
        return {"for": "+", "against": MINUS, "": ""}[self.side]


def marks(explanation: Explanation, head: HeadExplanation) -> list[Mark]:
    """The words of the text in their order."""
    heaviest = max(map(abs, head.attributions), default=0.0)
    return [
        Mark(word.text, value, abs(value) / heaviest if heaviest else 0.0)
        for word, value in zip(explanation.words, head.attributions, strict=True)
    ]


def heaviest_first(all_marks: list[Mark]) -> list[Mark]:
    """The words by weight, equal ones in the order of the text."""
    return sorted(all_marks, key=lambda mark: -mark.weight)


def signed(value: float) -> str:
    """A number with its sign and two digits behind the point.

    >>> signed(-0.5), signed(1.0), signed(-0.001)
    ('−0.50', '+1.00', '0.00')
    """
    rounded = round(value, 2)
    return f"{'+' if rounded > 0 else MINUS if rounded < 0 else ''}{abs(rounded):.2f}"


def completeness(head: HeadExplanation) -> str:
    """How the words' sum and the difference compare, in one sentence."""
    sums = f"The words sum to {signed(sum(head.attributions))}, the difference is {signed(head.difference)}"
    if not head.steps:
        together = signed(head.completeness_error)
        return f"{sums}: completeness error {together}, since words also speak together."
    share = f" ({head.relative_error:.1%})" if abs(head.difference) >= 0.05 else ""
    return f"{sums}: completeness error {abs(head.completeness_error):.3f}{share}, {head.steps} steps."


def about(explanation: Explanation) -> str:
    """What the numbers are, in one sentence."""
    return (
        f"Log-odds by {explanation.method}, against {explanation.baseline}; "
        "+ speaks for the answer, − against it."
    )


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control and direction characters are shown as `·`."""
    return "".join(
        "·" if unicodedata.category(letter) in ("Cc", "Cf") and letter not in "\u200c\u200d" else letter
        for letter in text
    )
