"""Open minutes: what comes out is what went in, however much of it was sealed, saved and read back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.opened import BLOCK_ROWS, OpenMinutes
from pipeline.tally import ROW, Rows


def rows(*minutes: int, start: int = 0) -> Rows:
    made = np.zeros(len(minutes), ROW)
    made["published"] = 60 * np.array(minutes, np.int64)
    made["offset"] = start + np.arange(len(minutes))
    return made


def restored(opened: OpenMinutes, closed: int | None) -> OpenMinutes:
    other = OpenMinutes()
    other.restore(opened.head(), {number: opened.block(number) for number in opened.sealed()}, closed)
    return other


@given(st.lists(st.lists(st.integers(0, 9), max_size=12), max_size=8), st.integers(0, 9))
def test_gives_up_each_minute_with_its_rows(batches: list[list[int]], cut: int) -> None:
    opened, sent = OpenMinutes(), 0
    for batch in batches:
        opened.add(rows(*batch, start=sent))
        sent += len(batch)
    assert opened.documents == sent
    early, _ = opened.close(range(cut))
    later = restored(opened, cut - 1 if cut else None)
    assert later.documents == sent - early.size
    late, _ = later.close(range(cut, 10))
    offsets = [*early["offset"].tolist(), *late["offset"].tolist()]
    assert sorted(offsets) == list(range(sent))
    assert (early["published"] // 60 < cut).all() and (late["published"] // 60 >= cut).all()
    assert later.documents == 0


@settings(max_examples=5)
@given(st.integers(1, 3), st.integers(0, 50))
def test_full_blocks_are_sealed_once_and_let_go_when_hardly_wanted(blocks: int, ahead: int) -> None:
    opened = OpenMinutes()
    for block in range(blocks):
        minutes = [0] * BLOCK_ROWS
        minutes[:ahead] = [10**6] * ahead
        opened.add(rows(*minutes, start=block * BLOCK_ROWS))
    assert opened.sealed() == list(range(blocks))
    before = [opened.block(number) for number in opened.sealed()]
    assert [restored(opened, None).block(number) for number in opened.sealed()] == before
    taken, _ = opened.close([0])
    assert taken.size == blocks * (BLOCK_ROWS - ahead)
    # A few stamps far ahead keep no block alive.
    assert opened.sealed() == []
    assert opened.documents == blocks * ahead
    assert len(opened.head().loose) == blocks * ahead * ROW.itemsize


def test_what_has_to_go_for_want_of_room_is_the_oldest() -> None:
    opened = OpenMinutes()
    opened.add(rows(5, 5, 1, 1, 1, 9))
    assert opened.beyond(6) is None
    assert opened.beyond(5) == opened.beyond(3) == 1
    assert opened.beyond(2) == opened.beyond(1) == 5
    assert opened.beyond(0) == 9
