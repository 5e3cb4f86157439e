"""Each offset of a partition accounted for once: counted as scored, or rejected."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Tally
from pipeline.tally import rows_of
from pipeline.verify.accounts import Account, Suspect
from tests.records import rejected
from tests.verify.runs import Run, document, minute_of

BATCHES = ([document(n, n) for n in range(4)], [document(n, n) for n in range(4, 8)])


@pytest.fixture
def run() -> Run:
    return Run.of(*BATCHES)


def suspects(run: Run, *, low: int = 0, bound: int | None = 8, begin: int = 0) -> list[Suspect]:
    return account(run).suspects(low, bound, begin)


def account(run: Run) -> Account:
    made = Account(0)
    made.take_scored(run.scored)
    for tally in run.tallies:
        made.take_tally(tally)
    return made


def test_all_is_well(run: Run) -> None:
    assert suspects(run) == []
    assert account(run).counted == 8


@settings(max_examples=20)
@given(st.lists(st.integers(0, 2), max_size=6))
def test_what_a_crash_repeats_is_no_fault(again: list[int]) -> None:
    run = Run.of(*BATCHES)
    run.tallies += [run.tallies[number] for number in again]
    run.scored += run.scored[: len(again)]
    assert suspects(run) == []


def test_a_lost_tally_loses_its_documents(run: Run) -> None:
    del run.tallies[0]
    found = suspects(run)
    assert [(each.fault, each.offset) for each in found] == [("uncovered", n) for n in range(4)]
    assert [each.minute for each in found] == [minute_of(n) for n in range(4)]


def test_a_tally_that_leaves_a_document_out(run: Run) -> None:
    run.tallies[0] = without(run.tallies[0], 2)
    assert suspects(run) == [Suspect("uncounted", 0, 2, minute_of(2))]


def test_a_tally_that_claimed_what_another_has_in_hand(run: Run) -> None:
    greedy = msgspec.structs.replace(without(run.tallies[0], 2), start=0, end=4)
    run.tallies.insert(0, greedy)
    assert suspects(run) == [Suspect("dropped", 0, 2, minute_of(2))]


def test_a_document_that_is_counted_and_not_published(run: Run) -> None:
    del run.scored[5]
    assert suspects(run) == [Suspect("unscored", 0, 5, minute_of(5))]


def test_a_score_that_was_changed(run: Run) -> None:
    run.scored[5] = msgspec.structs.replace(run.scored[5], score=0.123)
    assert suspects(run) == [Suspect("changed", 0, 5, minute_of(5))]


def test_two_tallies_that_contradict_each_other(run: Run) -> None:
    run.tallies.append(rescored(run.tallies[0]))
    assert suspects(run) == [Suspect("recounted", 0, 0, minute_of(0))]


def test_what_is_not_acknowledged_yet_is_no_fault(run: Run) -> None:
    del run.scored[5:]
    assert suspects(run, bound=5) == []
    assert suspects(run, bound=5, low=7) == []


def test_the_end_of_the_tallies_bounds_what_nobody_acknowledged(run: Run) -> None:
    del run.tallies[1:]
    assert suspects(run, bound=None) == []


def test_what_the_broker_deleted_is_not_told(run: Run) -> None:
    del run.tallies[0]
    del run.scored[:4]
    assert suspects(run, low=4) == []
    assert suspects(run, begin=4) == []


def test_rejections_are_accounted_for(run: Run) -> None:
    refused = msgspec.structs.replace(without(run.tallies[0], 2), rejected=(2,))
    run.tallies[0] = refused
    del run.scored[2]
    made = account(run)
    assert made.suspects(0, 8, 0) == [Suspect("unrejected", 0, 2, None)]
    made.take_rejected(rejected(offset=2))
    assert made.suspects(0, 8, 0) == []
    made.take_rejected(rejected(offset=3))
    assert made.suspects(0, 8, 0) == [Suspect("unrefused", 0, 3, None)]


def without(tally: Tally, offset: int) -> Tally:
    """The tally without the row of an offset."""
    rows = rows_of(tally)
    return msgspec.structs.replace(tally, rows=rows[rows["offset"] != offset].tobytes())


def rescored(tally: Tally) -> Tally:
    """The tally with another score of its first document."""
    rows = rows_of(tally).copy()
    rows["score"][0] += 1
    return msgspec.structs.replace(tally, rows=rows.tobytes())
