"""Headlines in our own words, any number of them, for tests that need many texts of many lengths."""

from __future__ import annotations

import random

_WHO = (
    "The bank",
    "A small chip maker",
    "Nordic Paper Oyj",
    "$XYZ",
    "The central bank",
    "Europe's largest airline",
    "The owner of two dozen coal mines",
    "某新能源公司",
    "Its former chairman",
    "A pension fund in Ohio",
)
_DID = (
    "reported a deep loss for the {quarter} quarter",
    "raised its dividend by {number} %",
    "named a new finance director",
    "fell {number} % in heavy trading after depositors withdrew their money",
    "left interest rates unchanged at {number}.25 %, as nearly everyone had expected",
    "agreed to buy a rival for ${number}.3 billion",
    "will hold its annual meeting in May",
    "净利润同比增长{number}%",
    "cut {number},000 jobs and closed {number} plants",
    "won an order for {number} trains",
    "is said to be in talks about a listing in {place}",
)
_MORE = (
    "",
    ".",
    ", two people who know the matter said",
    " 🚀🚀",
    "; analysts had expected far less, and the shares, which had lost a third of their value since spring, "
    "jumped in early trading before they gave up most of the gain as the chairman warned of a hard winter",
    ", said the company, which has its seat in {place} and employs some {number} thousand people",
    " as oil prices rose to their highest in {number} years",
    " after regulators in {place} opened a probe of its accounts",
    ", 股价随后下跌{number}%",
)
_WEIGHTS = (12, 4, 2, 2, 1, 1, 2, 2, 2)
"""Most headlines are short."""
_QUARTERS = ("first", "second", "third", "last")
_PLACES = ("Helsinki", "Lagos", "São Paulo", "Shenzhen", "Cardiff", "Omaha")


def headlines(count: int, seed: int = 0) -> list[str]:
    """So many headlines, the same ones for the same seed; few of them are equal."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        text = draw.choice(_WHO) + " " + draw.choice(_DID) + draw.choices(_MORE, _WEIGHTS)[0]
        made.append(
            text.format(
                number=draw.randint(2, 999), quarter=draw.choice(_QUARTERS), place=draw.choice(_PLACES)
            )
        )
    return made


_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "i", "o", "u", "ai")]


def distinct(number: int) -> str:
    """Six words that no other number's are like: they make a headline a story of its own."""
    draw = random.Random(number)
    words = ("".join(draw.choices(_SYLLABLES, k=3)).capitalize() for _ in range(6))
    return " ".join(words)
