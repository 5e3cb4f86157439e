"""Records that the consumer leaves out are noticed and read again; offsets without a record are passed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.worker.continuity import Continuity, Verdict, in_order

TP = ("documents", 0)


class Partition:
    """A consumer whose partition holds records at some offsets, and which can leave some out."""

    def __init__(self, offsets: list[int], committed: int | None) -> None:
        self.offsets = offsets
        self.resumed = {TP: committed}
        self.position = 0
        self.seeks = 0

    async def seek(self, partition: Any, offset: int) -> None:
        self.position = offset
        self.seeks += 1

    def fetch(self, most: int) -> list[Any]:
        found = [offset for offset in self.offsets if offset >= self.position][:most]
        self.position = found[-1] + 1 if found else self.position
        return [SimpleNamespace(message=SimpleNamespace(tp=TP, offset=offset)) for offset in found]


@given(
    missing=st.sets(st.integers(0, 60), max_size=20),
    drops=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    portion=st.integers(1, 7),
)
async def test_every_record_is_taken_whatever_is_left_out(
    missing: set[int], drops: list[int], portion: int
) -> None:
    consumer = Partition([each for each in range(61) if each not in missing], committed=None)
    continuity, taken, waiting = Continuity(), [], list(drops)
    continuity.begin(TP, 0)
    seeks = 0
    for _ in range(500):
        if waiting and consumer.seeks == seeks:
            # What was fetched and dropped does not come.
            consumer.fetch(waiting.pop())
        seeks = consumer.seeks
        events = consumer.fetch(portion)
        if not events and not waiting:
            break
        taken += [event.message.offset for event in await in_order(events, continuity, consumer)]
    reached = set(taken)
    expected = set(consumer.offsets)
    # The end alone can be left out without anything after it to show so: lag shows it.
    assert reached == {each for each in expected if each <= max(reached, default=-1)}


async def test_what_was_fetched_before_going_back_is_skipped() -> None:
    continuity = Continuity()
    continuity.begin(TP, 3)
    judged = [continuity.judge(TP, offset) for offset in (3, 7, 8, 9, 4, 5, 6, 7, 8)]
    take, back, skip = Verdict.TAKE, Verdict.GO_BACK, Verdict.SKIP
    assert judged == [take, back, skip, skip, take, take, take, take, take]


async def test_it_begins_at_the_committed_offset_and_forgets_with_the_partition() -> None:
    consumer, continuity = Partition(list(range(10)), committed=4), Continuity()
    consumer.position = 6
    assert await in_order(consumer.fetch(2), continuity, consumer) == []
    assert (consumer.position, consumer.seeks) == (4, 1)
    assert [each.message.offset for each in await in_order(consumer.fetch(3), continuity, consumer)] == [
        4,
        5,
        6,
    ]
    continuity.forget([TP])
    assert not continuity.knows(TP)
