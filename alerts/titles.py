"""What a watchlist is called where people read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from alerts.keys import watchlist_of


class Titled(Protocol):
    """What its settings say of it; either may be empty."""

    @property
    def title(self) -> str:
        """In English, or in whatever language its owner writes."""
        ...

    @property
    def title_zh(self) -> str:
        """In Chinese."""
        ...


Watchlists = Mapping[str, Titled]
"""The watchlists of the settings, by name; those that a store has from other settings need not be there."""
UNTITLED: Final[Watchlists] = MappingProxyType({})
"""For those who have no settings at hand: every watchlist goes by its name."""


def watchlist_title(key: str, language: str, watchlists: Watchlists) -> str | None:
    """What a watchlist is called: its title in the reader's language, else the other one, else its name.

    None where the key is no watchlist's.
    """
    name = watchlist_of(key)
    if name is None:
        return None
    known = watchlists.get(name)
    if known is None:
        return name
    return (known.title_zh if language == "zh" else "") or known.title or name
