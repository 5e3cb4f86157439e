"""Documents of a watchlist: found through `watched`, by its index, and only those that still belong to it."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite

from dashboards import query
from dashboards.query.documents import _newest
from pipeline.store import Store
from tests.records import START, document

MINUTE = timedelta(minutes=1)
KEY = "watch.banks"


def lists(n: int) -> tuple[str, ...]:
    """Every third document is of `banks`, every fourth of `chips`, every twelfth of both."""
    return tuple(name for name, every in (("banks", 3), ("chips", 4)) if n % every == 0)


@pytest.fixture
def filled(store: Store) -> Store:
    store.write_documents(
        [
            document(
                id=f"d{n:02}",
                published_at=START + (n // 2) * MINUTE,
                topic=("financials", "macro")[n % 2],
                tone=("negative", "positive")[n % 2],
                source=f"wire{n % 5}",
                story=n // 6,
                watchlists=lists(n),
                offset=n,
            )
            for n in range(48)
        ]
    )
    return store


def every(store: Store, **asked: Any) -> list[str]:
    found: list[str] = []
    before = None
    for _ in range(200):
        page = query.documents(store, "live", before=before, **asked)
        found += [each.id for each in page.documents]
        before = page.next
        if before is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(("scanned", "limit"), [(3, 2), (7, 6), (10_000, 1000)])
def test_pages_give_every_document_of_the_list_once_newest_first(
    filled: Store, monkeypatch: pytest.MonkeyPatch, scanned: int, limit: int
) -> None:
    monkeypatch.setattr(import_module("dashboards.query.documents"), "SCANNED", scanned)
    banks = [f"d{n:02}" for n in range(45, -1, -3)]
    assert every(filled, key=KEY, limit=limit) == banks
    assert every(filled, key=KEY, limit=limit, tone="negative") == banks[1::2]
    assert every(filled, key="watch.chips", limit=limit) == [f"d{n:02}" for n in range(44, -1, -4)]
    assert every(filled, key="watch.nobody", limit=limit) == []
    assert every(filled, key="banks", limit=limit) == []


def test_a_span_a_story_and_shares_are_those_of_the_list(filled: Store) -> None:
    begin = START + 5 * MINUTE
    page = query.documents(filled, "live", key=KEY, since=begin, until=begin + 5 * MINUTE)
    assert [each.id for each in page.documents] == ["d18", "d15", "d12"]
    assert [each.watchlists for each in page.documents] == [("banks",), ("banks",), ("banks", "chips")]
    told = query.stories(filled, "live", key=KEY, order="spread")
    assert (told.documents, len(told.stories), told.stories[0].documents) == (16, 8, 2)
    found = query.stories(filled, "live", key=KEY, search="bankruptcy", source="wire0", order="newest")
    assert [story.first.id for story in found.stories] == ["d45", "d30", "d15", "d00"]
    shares = query.shares(filled, "live", "topic", key=KEY)
    assert [(each.value, each.documents) for each in shares] == [("financials", 8), ("macro", 8)]


def test_of_a_replaced_document_only_what_stands_counts(store: Store) -> None:
    """The earlier of two with one id stays; what the other belonged to does not make it found."""
    store.write_documents([document(id="a", published_at=START + MINUTE, offset=7, watchlists=("banks",))])
    assert every(store, key=KEY) == ["a"]
    store.write_documents([document(id="a", published_at=START, offset=9, watchlists=("chips",))])
    assert every(store, key=KEY) == []
    assert every(store, key="watch.chips") == ["a"]
    assert query.stories(store, "live", key=KEY).documents == 0
    # The same moment and list, at another place of the topic.
    store.write_documents([document(id="b", offset=21, watchlists=("banks",))])
    store.write_documents([document(id="b", offset=20)])
    assert every(store, key=KEY) == []


def test_a_document_of_a_list_is_known_from_when_it_was(store: Store) -> None:
    store.write_documents([document(run="lehman", watchlists=("banks",))])

    def known(at: Any) -> int:
        return len(query.documents(store, "lehman", key=KEY, as_of=at).documents)

    assert (known(START - MINUTE), known(START)) == (0, 1)
    assert query.documents(store, "live", key=KEY).documents == ()


def test_the_list_s_own_index_finds_and_orders_its_documents(store: Store) -> None:
    """Many documents, few of the list: neither the table nor all of the list is read or sorted."""
    made = (document(id=f"d{n:05}", published_at=START + n * MINUTE, offset=n) for n in range(20_000))
    store.write_documents(
        [document(**_fields(each), watchlists=("banks",)) if each.offset % 9 == 0 else each for each in made]
    )
    with store.writing() as connection:
        connection.execute(text("ANALYZE"))
    postgres = store.address.startswith("postgresql")
    dialect: Any = postgresql.dialect() if postgres else sqlite.dialect()
    for most in (100, 10_000):
        asked = _newest("live", KEY, START, START + 18_000 * MINUTE, None, None, most)
        said = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
        with query.reading(store, by_index=True) as connection:
            explain = "EXPLAIN " if postgres else "EXPLAIN QUERY PLAN "
            plan = "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(explain + said))
        assert "watched_by_time" in plan
        for slow in ("Seq Scan", "Sort", "Hash", "Merge") if postgres else ("SCAN", "TEMP B-TREE"):
            assert slow not in plan, plan


def _fields(of: Any) -> dict[str, Any]:
    return {name: getattr(of, name) for name in of.__struct_fields__ if name != "watchlists"}
