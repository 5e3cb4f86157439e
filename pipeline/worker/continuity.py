"""Notices records that the consumer has left out, and reads on from there again.

A rebalance makes Faust drop what it has fetched and read again from the last commit. Where a fetch is under
way meanwhile, Faust takes the records that it drops for read, and leaves them out when they come again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

from aiokafka.errors import IllegalStateError

from pipeline.worker.stage import Event

log = logging.getLogger(__name__)


class Verdict(Enum):
    """What to do with a record."""

    TAKE = "take"
    """Work on it."""
    GO_BACK = "go back"
    """Records before it are missing: read from there again."""
    SKIP = "skip"
    """It was fetched before we went back, and comes again."""


class Continuity:
    """Follows the offsets of each partition, in the order in which its records come.

    Offsets that no record ever had (transactions and deleted records leave some) are told by being absent
    a second time.
    """

    def __init__(self) -> None:
        self._next: dict[Any, int] = {}
        self._seen: dict[Any, int] = {}
        """Offset at which records were found missing, until they or it have come again."""

    def knows(self, partition: Any) -> bool:
        """Whether it is known what comes next."""
        return partition in self._next

    def begin(self, partition: Any, offset: int) -> None:
        """Expect the record of that offset next."""
        self._next[partition] = offset

    def expected(self, partition: Any) -> int:
        """Offset that comes next; KeyError where that is not known."""
        return self._next[partition]

    def forget(self, partitions: Iterable[Any]) -> None:
        """Let go of partitions that were revoked."""
        for partition in partitions:
            self._next.pop(partition, None)
            self._seen.pop(partition, None)

    def judge(self, partition: Any, offset: int) -> Verdict:
        """Say what to do with the record that came now."""
        expected = self._next.setdefault(partition, offset)
        seen = self._seen.get(partition)
        if offset > expected:
            if seen is None:
                self._seen[partition] = offset
                return Verdict.GO_BACK
            if offset > seen:
                return Verdict.SKIP
        if offset >= expected:
            self._seen.pop(partition, None)
        self._next[partition] = max(expected, offset + 1)
        return Verdict.TAKE


async def in_order(events: Sequence[Event], continuity: Continuity, consumer: Any) -> list[Event]:
    """Keep the events before which nothing is missing; go back where something is.

    What is left out is not acknowledged, so that nothing after it is committed, and comes again.
    """
    kept = []
    gaps: dict[Any, int] = {}
    for event in events:
        partition = event.message.tp
        if not continuity.knows(partition):
            resumed = consumer.resumed.get(partition)
            if resumed is not None:
                continuity.begin(partition, resumed)
        verdict = continuity.judge(partition, event.message.offset)
        if verdict is Verdict.TAKE:
            kept.append(event)
        elif verdict is Verdict.GO_BACK:
            gaps[partition] = continuity.expected(partition)
    for partition, offset in gaps.items():
        log.warning("%s: records from offset %d on were left out: reading again", partition, offset)
        with contextlib.suppress(IllegalStateError):  # revoked this moment
            await consumer.seek(partition, offset)
    return kept
