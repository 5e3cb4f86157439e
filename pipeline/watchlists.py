"""Which documents belong to which of the analyst's watchlists: companies, people, words that are followed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

from ahocorasick_rs import AhoCorasick

from models.language import is_east_asian
from pipeline.records import Document
from pipeline.settings import Watchlist


class Watchlists:
    """Finds the watchlists of documents; pure, and as fast for a thousand terms as for one.

    All terms are looked for in one pass (Aho and Corasick 1975). A term is found where it stands as words of
    its own, whatever the case; one wholly in capitals, as tickers are, only as it is written. In Chinese,
    Japanese and Korean, which put no spaces between words, it is found anywhere.
    """

    def __init__(self, watchlists: Mapping[str, Watchlist]) -> None:
        self._lists = dict(sorted(watchlists.items()))
        self._symbols: dict[str, set[str]] = {}
        exact: dict[str, set[str]] = {}
        folded: dict[str, set[str]] = {}
        for name, each in self._lists.items():
            for symbol in each.symbols:
                self._symbols.setdefault(_plain(symbol).upper(), set()).add(name)
            for term in map(_plain, each.terms):
                if term.isupper():
                    exact.setdefault(term, set()).add(name)
                else:
                    folded.setdefault(term.lower(), set()).add(name)
        self._exact, self._folded = _Terms(exact), _Terms(folded)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all watchlists, in alphabetical order."""
        return tuple(self._lists)

    def of(self, document: Document, topic: str) -> tuple[str, ...]:
        """Names of the watchlists that a document of that topic belongs to, in alphabetical order."""
        if not self._lists:
            return ()
        text = _plain(f"{document.title}\n{document.body}")
        found = self._exact.found(text) | self._folded.found(text.lower())
        for symbol in document.symbols:
            found |= self._symbols.get(_plain(symbol).upper(), _NONE)
        return tuple(
            name
            for name, each in self._lists.items()
            if (name in found or not (each.terms or each.symbols))
            and (not each.sources or document.source in each.sources)
            and (not each.topics or topic in each.topics)
        )


class _Terms:
    """Terms that are looked for together, and what each stands for."""

    def __init__(self, terms: Mapping[str, set[str]]) -> None:
        self._terms = list(terms)
        self._names = list(terms.values())
        self._automaton = AhoCorasick(self._terms) if terms else None

    def found(self, text: str) -> set[str]:
        """What the terms stand for that stand in the text as words of their own."""
        names: set[str] = set()
        if self._automaton is not None:
            for term, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
                if not (_goes_on(text, start) or _goes_on(text, end)):
                    names |= self._names[term]
        return names


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on over the place before that character."""
    if not 0 < at < len(text):
        return False
    return all(each.isalnum() and not is_east_asian(each) for each in text[at - 1 : at + 1])


def _plain(text: str) -> str:
    """The text with its forms of one character made one, and single spaces: as it is compared."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


_NONE: Final[frozenset[str]] = frozenset()
NO_WATCHLISTS = Watchlists({})
"""For those who name none."""
