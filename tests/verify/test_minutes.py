"""Minutes held against what the tallies come to: the topic and the store, amendments included."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import SentimentMinute
from pipeline.verify.minutes import MinuteFault, StoredMinute, compare_store, compare_topic, digest
from tests.verify.runs import Run, document, minute_of

CALM = [document(n, n) for n in range(10)]
LATE = [document(100, 1.5), document(101, 20)]


@pytest.fixture
def run() -> Run:
    """Ten minutes with a document each, then one that comes late into the second, then a last one."""
    return Run.of(CALM, LATE)


def faults(run: Run, *, acknowledged: int | None = None, low: int = 0) -> list[MinuteFault]:
    return compare_topic(run.expected(), run.found(), acknowledged, low)


def test_what_was_counted_right_has_no_faults(run: Run) -> None:
    assert faults(run) == []
    assert compare_store(run.expected(), run.found(), run.stored(), None, 0) == []


def test_a_late_document_amends_its_minute_and_that_is_expected(run: Run) -> None:
    assert [minute.revision for minute in run.minutes if minute.revision] == [1]


@settings(max_examples=20)
@given(st.data())
def test_any_record_that_is_missing_before_the_last_is_named(data: st.DataObject) -> None:
    run = Run.of(CALM, LATE)
    gone = run.minutes.pop(data.draw(st.integers(0, len(run.minutes) - 2)))
    of = MinuteFault("missing", int(gone.minute.timestamp()) // 60, gone.revision)
    assert faults(run) == [of]


def test_what_is_not_published_yet_is_no_fault(run: Run) -> None:
    del run.minutes[5:]
    assert faults(run) == []


def test_what_was_acknowledged_must_be_published(run: Run) -> None:
    del run.minutes[5:]
    assert {fault.fault for fault in faults(run, acknowledged=1)} == {"missing"}
    assert min(fault.minute for fault in faults(run, acknowledged=1)) == minute_of(5)


def test_a_sum_that_was_changed_is_a_difference(run: Run) -> None:
    run.minutes[3] = with_sum(run.minutes[3], 1)
    assert faults(run) == [MinuteFault("different", minute_of(3), 0)]


def test_a_record_published_twice_is_one(run: Run) -> None:
    run.minutes += run.minutes[2:4]
    assert faults(run) == []


def test_a_record_published_twice_and_not_alike_is_named(run: Run) -> None:
    run.minutes.append(with_sum(run.minutes[2], 1))
    assert faults(run) == [MinuteFault("told_twice", minute_of(2), 0)]


def test_a_minute_from_nowhere_is_unexpected(run: Run) -> None:
    extra = msgspec.structs.replace(run.minutes[2], revision=7)
    run.minutes.append(extra)
    assert faults(run) == [MinuteFault("unexpected", minute_of(2), 7)]


def test_minutes_before_the_first_that_can_be_told_are_left_out(run: Run) -> None:
    run.minutes[3] = with_sum(run.minutes[3], 1)
    assert faults(run, low=minute_of(4)) == []


def test_the_order_of_rows_has_no_say(run: Run) -> None:
    minute = run.minutes[3]
    assert digest(minute) == digest(msgspec.structs.replace(minute, rows=minute.rows[::-1]))


def test_a_lost_tally_shows_in_the_minute_of_its_documents() -> None:
    run = Run.of(CALM[:4], CALM[4:6], CALM[6:])
    del run.tallies[1]
    first = faults(run)[0]
    assert (first.fault, first.minute) == ("different", minute_of(4))


class TestStore:
    def compared(
        self, run: Run, stored: dict[int, StoredMinute], acknowledged: int | None = None
    ) -> list[MinuteFault]:
        return compare_store(run.expected(), run.found(), stored, acknowledged, 0)

    def test_a_minute_that_was_deleted(self, run: Run) -> None:
        stored = run.stored()
        del stored[minute_of(3)]
        assert self.compared(run, stored) == [MinuteFault("missing", minute_of(3), 0)]

    def test_an_amendment_that_never_came(self, run: Run) -> None:
        without = Run.of(CALM, LATE)
        without.minutes = [minute for minute in run.minutes if not minute.revision]
        assert self.compared(run, without.stored()) == [MinuteFault("different", minute_of(1), 1)]

    def test_a_store_that_lags_behind_is_no_fault(self, run: Run) -> None:
        behind = Run.of(CALM, LATE)
        del behind.minutes[6:]
        assert self.compared(run, behind.stored()) == []
        assert self.compared(run, {}) == []

    def test_a_store_that_lags_behind_what_was_acknowledged(self, run: Run) -> None:
        assert [fault.minute for fault in self.compared(run, {}, acknowledged=2)] == [
            minute_of(0),
            minute_of(1),
        ]

    def test_a_minute_from_nowhere(self, run: Run) -> None:
        stored = {**run.stored(), minute_of(500): StoredMinute(0, b"what")}
        assert self.compared(run, stored) == [MinuteFault("unexpected", minute_of(500), 0)]


def with_sum(minute: SentimentMinute, more: int) -> SentimentMinute:
    """The minute with more in the sum of its last row."""
    *rows, last = minute.rows
    changed = msgspec.structs.replace(last, score_sum=last.score_sum + more)
    return msgspec.structs.replace(minute, rows=(*rows, changed))
