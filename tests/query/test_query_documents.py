"""Documents page by page, filtered, as they were known, and the stories they tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import query
from dashboards.query.cursor import read_cursor, write_cursor
from pipeline.errors import UsageError
from pipeline.store import Store
from pipeline.store.schema import story_merge
from tests.records import START, document

MINUTE = timedelta(minutes=1)


@pytest.fixture
def filled(store: Store) -> Store:
    store.write_documents(
        [
            document(
                id=f"d{n:02}",
                published_at=START + (n // 2) * MINUTE,
                topic=("financials", "macro")[n % 2],
                tone=("negative", "neutral", "positive")[n % 3],
                score=-n / 100,
                title=f"100% of headline_{n}",
                story=n // 4,
                source=f"wire{n % 5}",
                offset=n,
            )
            for n in range(40)
        ]
    )
    return store


def every(store: Store, **asked: object) -> list[str]:
    found: list[str] = []
    before = None
    for _ in range(200):
        page = query.documents(store, "live", before=before, **asked)  # type: ignore[arg-type]
        found += [each.id for each in page.documents]
        before = page.next
        if before is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(("scanned", "limit"), [(3, 2), (7, 6), (10_000, 1000)])
def test_pages_give_every_document_once_newest_first(
    filled: Store, monkeypatch: pytest.MonkeyPatch, scanned: int, limit: int
) -> None:
    module = import_module("dashboards.query.documents")
    monkeypatch.setattr(module, "SCANNED", scanned)
    ids = [f"d{n:02}" for n in range(40)]
    assert sorted(every(filled, limit=limit)) == ids
    assert every(filled, limit=limit, tone="negative") == [f"d{n:02}" for n in range(39, -1, -3)]
    assert every(filled, limit=limit, source="wire3", key="macro") == [f"d{n:02}" for n in (33, 23, 13, 3)]


def test_the_text_that_is_searched_for_is_text(filled: Store) -> None:
    assert len(every(filled, search="100% OF")) == 40
    assert every(filled, search="headline_7") == ["d07"]
    assert every(filled, search="headlineX7") == []
    assert every(filled, search="%") == every(filled)
    assert every(filled, search="'; DROP TABLE document; --") == []


def test_stories_put_copies_together(filled: Store) -> None:
    page = query.stories(filled, "live", order="spread", limit=3)
    assert page.complete
    assert page.documents == 40
    assert [(story.documents, story.sources) for story in page.stories] == [(4, 4)] * 3
    lowest = query.stories(filled, "live", limit=1).stories[0]
    assert (lowest.story, lowest.score, lowest.first.id) == (9, -0.39, "d36")
    newest = query.stories(filled, "live", order="newest", tone="negative", limit=2, skip=1).stories
    assert [story.story for story in newest] == [8, 7]


def test_wordings_that_were_found_to_be_one_story_are_one(filled: Store) -> None:
    with filled.writing() as connection:
        connection.execute(
            story_merge.insert(), [{"run": "live", "story": 9, "joined": 8, "minute": START + 19 * MINUTE}]
        )
    [most, *_] = query.stories(filled, "live", order="spread").stories
    assert (most.story, most.documents, most.first.id) == (8, 8, "d32")
    assert len(every(filled, story=8)) == 8
    assert len(every(filled, story=3)) == 4


def test_shares_count_the_values_of_a_column(filled: Store) -> None:
    assert [(s.value, s.documents) for s in query.shares(filled, "live", "source", limit=2)] == [
        ("wire0", 8),
        ("wire1", 8),
    ]


def test_a_document_is_known_from_when_it_was_first_stored(store: Store) -> None:
    moments = iter([datetime(2026, 1, 1, 0, n, tzinfo=UTC) for n in range(3)])
    store._now = lambda: next(moments)
    store.write_documents([document(id="a")])
    store.write_documents([document(id="b")])
    store.write_documents([document(id="a")])

    def known(minute: int, second: int = 0) -> list[str]:
        at = datetime(2026, 1, 1, 0, minute, second, tzinfo=UTC)
        return [each.id for each in query.documents(store, "live", as_of=at).documents]

    assert known(0) == ["a"]
    assert known(0, 59) == ["a"]
    assert known(1) == ["b", "a"]
    assert query.stories(store, "live", as_of=datetime(2025, 1, 1, tzinfo=UTC)).documents == 0


def test_in_a_replay_a_document_is_known_when_it_was_published(store: Store) -> None:
    store.write_documents([document(run="lehman")])
    assert query.documents(store, "lehman", as_of=START - MINUTE).documents == ()
    assert len(query.documents(store, "lehman", as_of=START).documents) == 1


def test_one_document_by_its_id(filled: Store) -> None:
    assert query.document(filled, "live", "d07").id == "d07"
    with pytest.raises(query.NotFound, match="d99"):
        query.document(filled, "live", "d99")


@given(st.text(max_size=60))
def test_a_cursor_of_somebody_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_cursor(text)


@given(st.datetimes(timezones=st.just(UTC)), st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_cursor_comes_back(moment: datetime, id: str) -> None:
    assert read_cursor(write_cursor(moment, id)) == (moment, id)
