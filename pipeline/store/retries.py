"""Which rejected records were published again, by whom, and where they went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select, update

from pipeline.store import schema
from pipeline.store.rows import key_text
from pipeline.store.store import Store
from pipeline.store.types import clean, to_milliseconds
from pipeline.store.writer import insert_new

Origin = tuple[str, int, int]
"""Topic, partition and offset at which a record was refused."""


class Retry(Struct, frozen=True, kw_only=True):
    """One try to publish a rejected record again."""

    run: str
    topic: str
    """With `partition` and `offset` the record's origin."""
    partition: int
    offset: int
    number: int
    """1 for the first try, then 2, 3, …"""
    begun_at: datetime
    """Wall clock; noted before the record is published, so that a crash cannot hide a try."""
    by: str
    to_partition: int | None = None
    """Where it stands now, in the same topic; None where the try was interrupted before that was known."""
    to_offset: int | None = None

    @property
    def origin(self) -> Origin:
        """Where the record was refused."""
        return self.topic, self.partition, self.offset


def begin(
    store: Store, run: str, origins: Sequence[Origin], *, by: str, at: datetime, again: bool
) -> tuple[list[Retry], list[Retry]]:
    """Note that these records are about to be published again.

    Gives the tries that were noted, and for records that had one before, its last: those are left alone,
    unless `again`. Of two people who retry a record at once, one gets it.
    """
    begun: list[Retry] = []
    before: list[Retry] = []
    known = retries(store, run)
    with store.writing() as connection:
        for topic, partition, offset in origins:
            earlier = known.get((key_text(topic), partition, offset), [])
            if earlier and not again:
                before.append(earlier[-1])
                continue
            retry = Retry(
                run=run,
                topic=key_text(topic),
                partition=partition,
                offset=offset,
                number=len(earlier) + 1,
                begun_at=to_milliseconds(at),
                by=clean(by),
            )
            row = {name: getattr(retry, name) for name in Retry.__struct_fields__}
            (begun if insert_new(connection, schema.retry, row) else before).append(retry)
    return begun, before


def finish(store: Store, published: Sequence[tuple[Retry, int, int]]) -> None:
    """Note where each retried record stands now: partition and offset in its topic."""
    c = schema.retry.c
    with store.writing() as connection:
        for retry, partition, offset in published:
            connection.execute(
                update(schema.retry)
                .where(
                    c.run == retry.run,
                    c.topic == retry.topic,
                    c.partition == retry.partition,
                    c.offset == retry.offset,
                    c.number == retry.number,
                )
                .values(to_partition=partition, to_offset=offset)
            )


def retries(store: Store, run: str) -> dict[Origin, list[Retry]]:
    """Every try of a run by origin, the first one first."""
    c = schema.retry.c
    query = select(schema.retry).where(c.run == run).order_by(c.topic, c.partition, c.offset, c.number)
    found: defaultdict[Origin, list[Retry]] = defaultdict(list)
    with store.reading() as connection:
        for row in connection.execute(query):
            retry = Retry(**row._asdict())
            found[retry.origin].append(retry)
    return dict(found)
