"""Dead letters: what was refused, whether it was published again, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import select

from pipeline.errors import UsageError
from pipeline.records import Label, Reason, Rejected
from pipeline.store import Store, schema
from pipeline.store.retries import Origin, Retry, retries
from pipeline.store.rows import key_text, rejected_record
from pipeline.store.types import to_milliseconds
from pipeline.validate import Invalid, decode

State = Literal["open", "interrupted", "sent", "accepted", "rejected_again"]
"""`open`: nobody has retried it; `interrupted`: somebody began to, and whether it was published is not known;
`sent`: published, and no worker has come to it yet; then `accepted`, or `rejected_again`."""


class Letter(Struct, frozen=True, kw_only=True):
    """One rejected record."""

    rejected: Rejected
    retries: tuple[Retry, ...]
    state: State

    @property
    def name(self) -> str:
        """What to call it by: `tocsin.documents:0:17`."""
        return name_of(self.rejected)


def name_of(rejected: Rejected) -> str:
    """Name of a rejected record: topic (or file), partition and offset (or row)."""
    return f"{rejected.topic}:{rejected.partition}:{rejected.offset}"


def parse_name(name: str) -> Origin:
    """Origin that a name tells; UsageError where it is none."""
    topic, partition, offset = (["", "", "", *name.rsplit(":", 2)])[-3:]
    if not topic or not partition.isdecimal() or not offset.isdecimal():
        raise UsageError(f"{name!r} names no rejected record; write TOPIC:PARTITION:OFFSET as the list does")
    return topic, int(partition), int(offset)


def choose(
    rejected: Iterable[Rejected], *, reason: Reason | None = None, since: datetime | None = None
) -> list[Rejected]:
    """Those of one reason, refused since a moment; the latest first."""
    chosen = [
        each
        for each in rejected
        if (reason is None or each.reason == reason) and (since is None or each.rejected_at >= since)
    ]
    return sorted(chosen, key=lambda each: (each.rejected_at, each.topic, each.partition, each.offset))[::-1]


def stored(
    store: Store,
    run: str,
    *,
    reason: Reason | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Rejected]:
    """As `choose`, of what the store holds of a run; `limit` takes the latest."""
    c = schema.rejected.c
    query = select(schema.rejected).where(c.run == run)
    if reason is not None:
        query = query.where(c.reason == reason)
    if since is not None:
        query = query.where(c.rejected_at >= since)
    query = query.order_by(c.rejected_at.desc(), c.topic.desc(), c.partition.desc(), c.offset.desc())
    with store.reading() as connection:
        return [rejected_record(row._asdict()) for row in connection.execute(query.limit(limit))]


def stored_at(store: Store, run: str, origin: Origin) -> Rejected | None:
    """The record that was refused there; None where the store knows of none."""
    topic, partition, offset = origin
    c = schema.rejected.c
    query = select(schema.rejected).where(
        c.run == run, c.topic == key_text(topic), c.partition == partition, c.offset == offset
    )
    with store.reading() as connection:
        row = connection.execute(query).first()
    return None if row is None else rejected_record(row._asdict())


def letters(store: Store, run: str, rejected: Sequence[Rejected]) -> list[Letter]:
    """Each rejected record with its retries and what became of the last one.

    `rejected` may come from the topic or the store; retries are kept in the store.
    """
    known = retries(store, run)
    refused = _refused(store, run, known) | {_origin(each) for each in rejected}
    return [
        Letter(
            rejected=each,
            retries=tuple(tries := known.get(_origin(each), [])),
            state=_state(store, each, tries[-1] if tries else None, refused),
        )
        for each in rejected
    ]


def _state(store: Store, rejected: Rejected, last: Retry | None, refused: set[Origin]) -> State:
    if last is None:
        return "open"
    if last.to_partition is None or last.to_offset is None:
        return "interrupted"
    if (last.topic, last.to_partition, last.to_offset) in refused:
        return "rejected_again"
    return "accepted" if _is_kept(store, rejected) else "sent"


def _refused(store: Store, run: str, known: Mapping[Origin, Sequence[Retry]]) -> set[Origin]:
    """Of where retried records went, the places that are in the table of rejected ones."""
    c = schema.rejected.c
    found = set()
    with store.reading() as connection:
        for topic in {topic for topic, _, _ in known}:
            places = {
                (each.to_partition, each.to_offset)
                for origin, tries in known.items()
                if origin[0] == topic
                for each in tries
            }
            query = select(c.partition, c.offset).where(c.run == run, c.topic == topic)
            found |= {(topic, *row) for row in connection.execute(query) if tuple(row) in places}
    return found


def _is_kept(store: Store, rejected: Rejected) -> bool:
    """Whether what the record tells is in the store: the document of that id, or the label."""
    try:
        document = decode(rejected.raw, now=None, future_tolerance=0)
    except Invalid:
        return _is_kept_label(store, rejected.raw)
    return store.document(rejected.run, document.id) is not None


def _is_kept_label(store: Store, raw: bytes) -> bool:
    try:
        label = msgspec.json.decode(raw, type=Label)
    except (msgspec.MsgspecError, RecursionError):
        return False
    c = schema.label.c
    query = select(c.id).where(
        c.run == label.run,
        c.id == key_text(label.id),
        c.by == key_text(label.by),
        c.at == to_milliseconds(label.at),
    )
    with store.reading() as connection:
        return connection.execute(query).first() is not None


def _origin(rejected: Rejected) -> Origin:
    return key_text(rejected.topic), rejected.partition, rejected.offset
