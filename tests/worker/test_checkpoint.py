from __future__ import annotations

import contextlib
from typing import Any

import pytest

from pipeline.worker.checkpoint import Checkpoint, State


class FakeTable(dict[bytes, bytes]):
    """A table whose changelog is a list; it can stop taking records, as a process that dies does."""

    def __init__(self, log: list[tuple[bytes, bytes | None]] | None = None) -> None:
        super().__init__()
        self.log = log if log is not None else []
        self.dies_after: int | None = None
        for key, value in self.log:
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value

    @property
    def data(self) -> FakeTable:
        return self

    async def send_changelog(self, partition: int, key: bytes, value: bytes | None) -> None:
        if self.dies_after is not None and len(self.log) >= self.dies_after:
            raise ConnectionError("gone")
        self.log.append((key, value))


async def test_loads_what_was_saved_last() -> None:
    table: Any = FakeTable()
    checkpoint = Checkpoint(table)
    assert checkpoint.load() is None
    await checkpoint.save(7, b"one", {"ids/0": b"a"})
    await checkpoint.save(9, b"two", {"ids/0": b"a", "ids/1": b"b"})
    state = State(position=9, head=b"two", segments={"ids/0": b"a", "ids/1": b"b"})
    assert checkpoint.load() == state
    assert Checkpoint(FakeTable(table.log)).load() == state


async def test_segments_are_written_once_and_dropped_when_no_longer_named() -> None:
    table: Any = FakeTable()
    checkpoint = Checkpoint(table)
    await checkpoint.save(1, b"x", {"ids/0": b"a"})
    await checkpoint.save(2, b"y", {"ids/0": b"a", "ids/1": b"b"})
    assert [key for key, _ in table.log].count(b"segment/ids/0") == 1
    await checkpoint.save(3, b"z", {"ids/1": b"b"})
    assert table.log[-1] == (b"segment/ids/0", None)


@pytest.mark.parametrize("written", range(5))
async def test_a_crash_at_any_record_leaves_a_whole_state(written: int) -> None:
    before: Any = FakeTable()
    await Checkpoint(before).save(1, b"old", {"ids/0": b"a", "ids/1": b"b"})
    table: Any = FakeTable(list(before.log))
    table.dies_after = len(table.log) + written
    with contextlib.suppress(ConnectionError):
        await Checkpoint(table).save(2, b"new", {"ids/1": b"b", "ids/2": b"c", "ids/3": b"d"})
    found = Checkpoint(FakeTable(table.log)).load()
    old = State(position=1, head=b"old", segments={"ids/0": b"a", "ids/1": b"b"})
    new = State(position=2, head=b"new", segments={"ids/1": b"b", "ids/2": b"c", "ids/3": b"d"})
    # Two segments, the head, then what the old head alone had named.
    assert found == (new if written >= 3 else old)


async def test_an_owner_that_has_lost_the_partition_cannot_overwrite_a_newer_state() -> None:
    zombie_table: Any = FakeTable()
    zombie = Checkpoint(zombie_table)
    await zombie.save(1, b"old", {"ids/0": b"a", "ids/1": b"b"})
    owner_table: Any = FakeTable(list(zombie_table.log))
    await Checkpoint(owner_table).save(5, b"new", {"ids/1": b"b", "ids/2": b"c"})
    await zombie.save(2, b"stale", {"ids/0": b"a", "ids/1": b"b"})
    changelog = [*owner_table.log, *zombie_table.log[3:]]
    newest = State(position=5, head=b"new", segments={"ids/1": b"b", "ids/2": b"c"})
    assert Checkpoint(FakeTable(changelog)).load() == newest


async def test_a_state_that_lacks_a_segment_is_passed_over() -> None:
    table: Any = FakeTable()
    await Checkpoint(table).save(1, b"x", {"ids/0": b"a"})
    log = [*table.log, (b"segment/ids/0", None)]
    assert Checkpoint(FakeTable(log)).load() is None
