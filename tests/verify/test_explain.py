"""What differs in a minute, and which documents explain it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from pipeline.records import ScoredDocument, SentimentRow
from pipeline.verify.explain import culprits, differing_key
from tests.verify.runs import Run, document

DOCUMENTS = [document(1, 0), document(2, 0.2), document(3, 0.4, title="Bank gains customers")]


def rows(*chosen: int) -> list[SentimentRow]:
    run = Run.of([DOCUMENTS[n] for n in chosen])
    return list(run.minutes[0].rows)


@pytest.fixture
def scored() -> list[ScoredDocument]:
    return Run.of(DOCUMENTS).scored


def explained(
    expected: Sequence[SentimentRow], found: Sequence[SentimentRow], scored: Sequence[ScoredDocument]
) -> tuple[str, str, list[tuple[str, str]]]:
    key, _, _ = differing_key(expected, found)
    how, named = culprits(key, expected, found, scored)
    return key, how, [(each.role, each.id) for each in named]


def test_a_document_that_was_left_out(scored: list[ScoredDocument]) -> None:
    assert explained(rows(0, 1, 2), rows(1, 2), scored) == (
        "financials",
        "one document is left out",
        [("left out", "d1")],
    )


def test_a_document_that_was_counted_twice(scored: list[ScoredDocument]) -> None:
    expected = rows(0, 1, 2)
    found = [doubled(row) if row.key in ("overall", "markets") else row for row in expected]
    assert explained(expected, found, scored) == (
        "markets",
        "one document is counted twice",
        [("counted twice", "d2")],
    )


def doubled(row: SentimentRow) -> SentimentRow:
    """The row with a positive document of 0.85 more."""
    return msgspec.structs.replace(
        row,
        documents=row.documents + 1,
        positive=row.positive + 1,
        score_sum=row.score_sum + 850,
        score_sumsq=row.score_sumsq + 850 * 850,
    )


def test_a_sum_that_no_document_explains(scored: list[ScoredDocument]) -> None:
    expected = rows(0, 1, 2)
    found = [msgspec.structs.replace(row, score_sum=row.score_sum + 7) for row in expected]
    key, how, named = explained(expected, found, scored)
    assert (key, how) == ("financials", "as many documents are counted, with another sum")
    assert named == [("of this minute", "d1"), ("of this minute", "d3")]


def test_only_the_fields_that_differ_are_shown() -> None:
    expected = rows(0, 1, 2)
    found = [msgspec.structs.replace(row, score_sum=row.score_sum + 7) for row in expected]
    _, here, there = differing_key(expected, found)
    assert list(here) == list(there) == ["score_sum"]


def test_a_missing_row_is_all_its_documents(scored: list[ScoredDocument]) -> None:
    expected = rows(0, 1, 2)
    found = [row for row in expected if row.key != "financials"]
    key, how, named = explained(expected, found, scored)
    assert (key, how) == ("financials", "all its documents are left out")
    assert [id for _, id in named] == ["d1", "d3"]


def test_copies_and_windows_alone_are_told_as_such(scored: list[ScoredDocument]) -> None:
    expected = rows(0, 1, 2)
    found = [msgspec.structs.replace(row, stories=row.stories + 1) for row in expected]
    _, how, named = explained(expected, found, scored)
    assert "sums agree" in how
    assert named == []
