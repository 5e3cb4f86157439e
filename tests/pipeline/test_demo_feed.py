"""The demo feed keeps what the demo promises of it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from dashboards.text import printable
from pipeline.demo import FEED, read_feed
from pipeline.records import Document
from pipeline.story import story_key
from pipeline.validate import check, decode

OUR_SOURCES = {
    "Harbor Wire",
    "Ledger Desk",
    "Pier Nine Markets",
    "Greylag News",
    "Millpond Business",
    "Signal Box Research",
    "forum",
}
REPEATED = {"Silvergate to wind down", "California shuts Silicon Valley Bank", "US guarantees all deposits"}
BANKS = re.compile(r"bank|SVB|lender|First Republic|deposit|Signature|Credit Suisse|USDC", re.IGNORECASE)


NOW = datetime(2023, 3, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def feed() -> list[Document]:
    history = read_feed(NOW)
    assert not history.rejected
    return list(history.documents)


def test_every_line_is_a_document_the_pipeline_accepts(feed: list[Document]) -> None:
    lines = FEED.read_bytes().splitlines()
    assert [decode(line, now=NOW, future_tolerance=0) for line in lines] == feed
    assert len(feed) >= 440


def test_no_text_needs_cleaning(feed: list[Document]) -> None:
    assert all(check(document, now=NOW, future_tolerance=0) is document for document in feed)
    assert all(printable(document.title) == document.title for document in feed)
    assert all(printable(document.body) == document.body for document in feed)


def test_feed_is_in_order_of_time(feed: list[Document]) -> None:
    assert all(a.published_at <= b.published_at for a, b in pairwise(feed))


def test_every_source_is_invented_by_us_and_fits_the_kind(feed: list[Document]) -> None:
    assert {document.source for document in feed} == OUR_SOURCES
    for document in feed:
        assert (document.kind == "comment") == (document.source == "forum")
        assert (document.kind == "report") == (document.source == "Signal Box Research")
        assert not document.url


def test_every_day_from_the_first_to_the_seventeenth_is_covered(feed: list[Document]) -> None:
    days = Counter(document.published_at.date() for document in feed)
    first = date(2023, 3, 1)
    assert set(days) == {first + timedelta(days=n) for n in range(17)}
    assert min(days.values()) >= 20
    assert sum(n for day, n in days.items() if day <= date(2023, 3, 8)) >= 200, "calm to learn from"


def test_repeated_ids_are_the_same_record_and_known(feed: list[Document]) -> None:
    repeats = {id_ for id_, n in Counter(document.id for document in feed).items() if n > 1}
    again = [document for document in feed if document.id in repeats]
    assert len(again) == 2 * len(repeats) == 2 * len(REPEATED)
    assert all(a == b for a, b in zip(again[::2], again[1::2], strict=True))
    assert all(any(document.title.startswith(title) for title in REPEATED) for document in again)


def test_copies_of_a_story_come_from_other_sources_and_shortly_after(feed: list[Document]) -> None:
    stories: dict[int, list[Document]] = {}
    for document in {document.id: document for document in feed}.values():
        stories.setdefault(story_key(document.title, document.body), []).append(document)
    copied = [story for story in stories.values() if len(story) > 1]
    assert len(copied) >= 40
    for story in copied:
        assert len({document.source for document in story}) == len(story)
        assert story[-1].published_at - story[0].published_at < timedelta(minutes=15)


def test_texts_are_distinct_beyond_their_figures(feed: list[Document]) -> None:
    first_of_story = {story_key(d.title, d.body): d for d in reversed(feed)}
    shapes = Counter(re.sub(r"[\d.,%]+", "#", d.title or d.body).casefold() for d in first_of_story.values())
    assert max(shapes.values()) == 1
    assert len(shapes) >= 440


def test_bank_news_surges_from_the_ninth(feed: list[Document]) -> None:
    stories = {story_key(d.title, d.body): d for d in reversed(feed)}
    banks = Counter(d.published_at.date() for d in stories.values() if BANKS.search(d.title + d.body))
    calm = [banks[date(2023, 3, day)] for day in range(1, 9)]
    surge = [banks[date(2023, 3, day)] for day in range(9, 14)]
    assert min(surge) > 2 * max(calm)


@pytest.mark.parametrize(
    ("start", "title"),
    [
        (datetime(2023, 3, 8, 21, 42, tzinfo=UTC), "Silvergate to wind down"),
        (datetime(2023, 3, 10, 13, 31, tzinfo=UTC), "US employers add 311,000 jobs"),
        (datetime(2023, 3, 10, 16, 22, tzinfo=UTC), "California shuts Silicon Valley Bank"),
        (datetime(2023, 3, 12, 22, 16, tzinfo=UTC), "US guarantees all deposits"),
        (datetime(2023, 3, 13, 7, 2, tzinfo=UTC), "HSBC buys Silicon Valley Bank UK"),
        (datetime(2023, 3, 15, 9, 4, tzinfo=UTC), "Saudi National Bank rules out"),
        (datetime(2023, 3, 16, 13, 17, tzinfo=UTC), "ECB raises its rate by half a point"),
    ],
)
def test_turning_points_stand_at_their_minute(feed: list[Document], start: datetime, title: str) -> None:
    told = next(document for document in feed if document.title.startswith(title))
    assert told.published_at.replace(second=0) == start
