"""Headlines made fit to show: whatever a feed puts into them, a terminal only sees letters on one line."""

from __future__ import annotations

import unicodedata

_STACKED = 2
"""Combining marks one letter may carry; more of them climb over the lines above and below."""


def printable(text: str, limit: int = 300) -> str:
    """Make one line of `text` that a terminal cannot obey, of at most `limit` characters.

    Control characters (escape sequences begin with one) and every kind of line break become spaces; format
    characters, which reorder or hide what stands around them, go; half surrogate pairs, private and
    unassigned characters become U+FFFD. Markup is left as it is: show the result as text, never as markup.
    """
    shown: list[str] = []
    marks = 0
    for character in text[: 4 * limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _STACKED or category == "Cf":
            continue
        if category in ("Cc", "Zl", "Zp"):
            character = " "
        elif category in ("Cs", "Co", "Cn"):
            character = "\N{REPLACEMENT CHARACTER}"
        shown.append(character)
    line = " ".join("".join(shown).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
