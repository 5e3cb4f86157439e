"""Which documents belong to which watchlist."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.records import Document
from pipeline.settings import Settings, Watchlist
from pipeline.watchlists import Watchlists

AT = datetime(2023, 3, 10, tzinfo=UTC)


def document(title: str, **fields: Any) -> Document:
    return Document(**({"id": "1", "source": "Harbor Wire", "published_at": AT, "title": title} | fields))


def watches(title: str, topic: str = "markets", *, given: dict[str, Any] | None = None, **list_: Any) -> bool:
    return Watchlists({"one": Watchlist(**list_)}).of(document(title, **(given or {})), topic) == ("one",)


@pytest.mark.parametrize(
    ("term", "title", "found"),
    [
        ("Silicon Valley Bank", "SILICON VALLEY BANK SHUT BY REGULATOR", True),
        ("Silicon Valley Bank", "Silicon  Valley\nBank's shares", True),
        ("Silicon Valley Bank", "Silicon Valley banker speaks", False),
        ("bank", "Bankers and embankments", False),
        ("bank", "A bank-led rescue", True),
        ("ING", "Banking stocks fall, investing halts", False),
        ("ING", "ING raises its forecast", True),
        ("ING", "ing the merciless", False),
        ("ING", "ＩＮＧ in full width", True),
        ("S&P", "S&P cuts the rating", True),
        ("3M", "3M settles, 13M do not", True),
        ("3M", "13M do not", False),
        ("硅谷银行", "美国硅谷银行遭关闭", True),
        ("AIG", "美国AIG集团获救", True),
        ("삼성전자", "삼성전자가 감산한다", True),
        ("Café", "CAFÉ chain files for bankruptcy", True),
    ],
)
def test_terms_are_found_as_words_of_their_own(term: str, title: str, found: bool) -> None:
    assert watches(title, terms=(term,)) is found


def test_the_body_counts_as_the_headline_does() -> None:
    assert watches("A lender fails", given={"body": "It is Harbor Bank."}, terms=("harbor bank",))


def test_a_term_or_a_symbol_is_enough_and_source_and_topic_narrow_it_down() -> None:
    follows = {
        "terms": ("Harbor Bank",),
        "symbols": ("hbk",),
        "sources": ("Harbor Wire",),
        "topics": ("markets",),
    }
    assert watches("Harbor Bank fails", **follows)
    assert watches("A lender fails", given={"symbols": ("HBK",)}, **follows)
    assert not watches("A lender fails", given={"symbols": ("HBKX",)}, **follows)
    assert not watches("Harbor Bank fails", given={"source": "Tape Room"}, **follows)
    assert not watches("Harbor Bank fails", "macro", **follows)
    assert watches("Anything", topics=("markets",))


def test_a_document_belongs_to_every_list_that_asks_for_it_in_alphabetical_order() -> None:
    lists = Watchlists(
        {
            "west": Watchlist(terms=("bank of the west",)),
            "banks": Watchlist(terms=("bank", "bank of the west")),
            "oil": Watchlist(terms=("oil",)),
        }
    )
    assert lists.names == ("banks", "oil", "west")
    assert lists.of(document("Bank of the West fails"), "markets") == ("banks", "west")
    assert Watchlists({}).of(document("Bank of the West fails"), "markets") == ()


words = st.text("ab cB1é行业.-", min_size=0, max_size=24)
terms = st.text("abcB1行", min_size=1, max_size=3).filter(lambda term: bool(re.search(r"\w", term)))


@given(title=words, several=st.lists(terms, min_size=1, max_size=5))
def test_many_terms_at_once_find_what_one_after_the_other_does(title: str, several: list[str]) -> None:
    def alone(term: str) -> bool:
        eastern = "[行业]"
        folded = term if term.isupper() else term.lower()
        text = title if term.isupper() else title.lower()
        before = "" if re.match(eastern, folded[0]) else r"(?<![^\W_行业])"
        after = "" if re.match(eastern, folded[-1]) else r"(?![^\W_行业])"
        return re.search(before + re.escape(folded) + after, " ".join(text.split())) is not None

    assert watches(title, terms=tuple(several)) is any(map(alone, several))


def test_a_list_that_follows_nothing_and_a_name_that_cannot_be_a_key_are_refused() -> None:
    with pytest.raises(ValidationError, match="it follows nothing"):
        Watchlist(title="Empty")
    for name in ("Banks", "a b", "", "watch.x"):
        with pytest.raises(ValidationError):
            Settings(watchlists={name: Watchlist(terms=("bank",))})
    with pytest.raises(ValidationError):
        Watchlist(terms=("…",))
