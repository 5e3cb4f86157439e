from __future__ import annotations

from alerts import Count
from alerts.copies import Copies


def count(negative: int, documents: int, capped: int = 0) -> Count:
    return Count(key="overall", stories=negative, negative=negative, documents=documents, capped=capped)


def test_counts_copies_and_capped_stories_of_recent_minutes() -> None:
    copies = Copies()
    copies.add(10, count(3, 42))
    copies.add(11, count(2, 2))
    copies.add(12, count(1, 1, capped=4))
    assert copies.since(10) == (39, 4)
    assert copies.since(11) == (0, 4)
    assert copies.since(13) == (0, 0)


def test_a_feed_that_does_not_count_documents_has_no_copies() -> None:
    copies = Copies()
    copies.add(10, count(3, 0))
    assert copies.since(0) == (0, 0)
    assert copies.state() == []


def test_forgets_old_minutes() -> None:
    copies = Copies()
    for minute in range(100):
        copies.add(minute, count(1, 2))
    copies.forget(90)
    assert len(copies.state()) == 10
    other = Copies()
    other.load(copies.state())
    assert other.since(0) == (10, 0)
