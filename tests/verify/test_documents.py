"""The table of documents held against the topic of scored ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from pipeline.records import ScoredDocument
from pipeline.store import Store
from pipeline.verify.documents import DocumentFault, Fingerprints, compare_documents
from tests.records import START, document

MINUTE = int(START.timestamp()) // 60


def docs(count: int = 6) -> list[ScoredDocument]:
    return [
        document(id=f"d{n}", partition=n % 2, offset=n // 2, published_at=START + timedelta(minutes=n))
        for n in range(count)
    ]


def compared(
    scored: Sequence[ScoredDocument],
    stored: Sequence[ScoredDocument],
    acknowledged: dict[int, int] | None = None,
    low: dict[int, int] | None = None,
) -> list[DocumentFault]:
    told, kept = Fingerprints(), Fingerprints()
    logs = {0: 0, 1: 0}
    for each in scored:
        told.add(each, log=logs[each.partition])
        logs[each.partition] += 1
    for each in stored:
        kept.add(each, stored=True)
    return compare_documents(told, kept, acknowledged or {}, low or {})


def test_all_is_well_whatever_the_order() -> None:
    assert compared(docs(), docs()[::-1]) == []


def test_nothing_against_nothing() -> None:
    assert compared([], []) == []
    assert compared(docs(), []) == []


def test_a_deleted_row_is_missing() -> None:
    stored = [each for each in docs() if each.id != "d2"]
    assert compared(docs(), stored) == [DocumentFault("missing", MINUTE + 2, 0, 1)]


def test_what_is_not_stored_yet_is_no_fault_until_it_is_acknowledged() -> None:
    assert compared(docs(), docs()[:2]) == []
    assert compared(docs(), docs()[:2], {0: 2, 1: 1}) == [DocumentFault("missing", MINUTE + 2, 0, 1)]


def test_a_changed_row_is_different() -> None:
    stored = docs()
    stored[3] = msgspec.structs.replace(stored[3], title="Bank denies everything")
    assert compared(docs(), stored) == [DocumentFault("different", MINUTE + 3, 1, 1)]


def test_a_row_from_nowhere_is_unexpected() -> None:
    extra = document(id="odd", partition=1, offset=77)
    assert compared(docs(), [*docs(), extra]) == [DocumentFault("unexpected", MINUTE, 1, 77)]


def test_rows_that_outlived_their_records_are_not_told() -> None:
    assert compared(docs()[2:], docs(), low={0: 1, 1: 1}) == []


def test_of_copies_the_earliest_is_kept() -> None:
    later = document(id="d0", partition=1, offset=9, published_at=START + timedelta(hours=1))
    assert compared([*docs(), later], docs()) == []
    stored = [later, *docs()[1:]]
    assert compared([*docs(), later], stored) == [DocumentFault("different", MINUTE, 0, 0)]


@pytest.mark.parametrize("title", ["A\0bank", "half \ud800 a pair", "plain"])
def test_what_a_database_cannot_keep_is_no_difference(tmp_path: object, title: str) -> None:
    hostile = document(title=title, published_at=START + timedelta(microseconds=1234))
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        store.write_documents([hostile])
        assert compared([hostile], list(store.each_document("live"))) == []
