"""Rejected records in Kafka: read from `tocsin.rejected`, and published again to where they came from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

import msgspec

from pipeline.errors import TocsinError, UsageError
from pipeline.kafka_client import connect_admin, kafka_python_options
from pipeline.records import Rejected
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.store.retries import Retry, begin, finish
from pipeline.topics import MAX_RECORD_BYTES, RETRY_HEADER, TopicName, topic_name
from pipeline.validate import Invalid, decode
from pipeline.verify.log import TopicLogs

_AT_ONCE = 500
_FROM: tuple[TopicName, ...] = ("documents", "labels")
_decode = msgspec.json.Decoder(Rejected).decode


def read_topic(settings: Settings) -> list[Rejected]:
    """Everything that `tocsin.rejected` holds now; a record that a crash repeated once."""
    with TopicLogs(settings) as logs:
        found: dict[tuple[str, int, int], Rejected] = {}
        for record in logs.read("rejected", logs.spans("rejected")):
            rejected = _decode(record.value)
            found.setdefault((rejected.topic, rejected.partition, rejected.offset), rejected)
    return list(found.values())


def retryable(settings: Settings, rejected: Rejected) -> str | None:
    """Why a record cannot be published again; None where it can."""
    if settings.run != "live":
        return "a replay has ended, and what comes after its end is not counted: mend the feed and replay it"
    if rejected.topic not in {topic_name(settings, name) for name in _FROM}:
        return (
            f"it came from {rejected.topic}, which is no topic of this run: mend the file and read it again"
        )
    return None


def publish_again(
    settings: Settings,
    store: Store,
    chosen: Sequence[Rejected],
    *,
    by: str,
    at: datetime,
    again: bool = False,
) -> tuple[list[Retry], list[Retry]]:
    """Publish the raw bytes of rejected records to their topics; gives the tries, and those made before.

    Each try is noted before its record goes out and completed when the broker has it, so that none is sent
    twice unless `again` asks for it; `at` is the wall clock.

    Raises:
        UsageError: a record cannot be published again; see `retryable`.
        TocsinError: the broker did not take one. Those that it took are noted as such.
    """
    for each in chosen:
        why = retryable(settings, each)
        if why is not None:
            raise UsageError(f"{each.topic}:{each.partition}:{each.offset} cannot be retried: {why}")
    connect_admin(settings.broker).close()  # before anything is noted, see that there is a broker
    by_origin = {(each.topic, each.partition, each.offset): each for each in chosen}
    origins = sorted(by_origin)
    sent: list[Retry] = []
    before: list[Retry] = []
    for start in range(0, len(origins), _AT_ONCE):
        begun, known = begin(
            store,
            settings.run,
            origins[start : start + _AT_ONCE],
            by=by,
            at=at,
            again=again,
        )
        before += known
        if begun:
            sent += _publish(settings, store, [(retry, by_origin[retry.origin]) for retry in begun])
    return sent, before


def _publish(settings: Settings, store: Store, records: Sequence[tuple[Retry, Rejected]]) -> list[Retry]:
    from kafka import KafkaProducer
    from kafka.errors import KafkaError

    producer = KafkaProducer(
        **kafka_python_options(settings.broker), acks="all", max_request_size=MAX_RECORD_BYTES
    )
    published: list[tuple[Retry, int, int]] = []
    failure: Exception | None = None
    try:
        waiting = []
        for retry, rejected in records:
            origin = f"{retry.topic}:{retry.partition}:{retry.offset}".encode()
            waiting.append(
                (
                    retry,
                    producer.send(
                        rejected.topic,
                        rejected.raw,
                        key=_key(rejected.raw),
                        headers=[(RETRY_HEADER, origin)],
                    ),
                )
            )
        producer.flush()
        deadline = time.monotonic() + 60
        for retry, future in waiting:
            try:
                placed = future.get(timeout=max(0.1, deadline - time.monotonic()))
            except KafkaError as error:
                failure = error
            else:
                published.append((retry, placed.partition, placed.offset))
    except KafkaError as error:
        failure = error
    finally:
        producer.close()
    finish(store, published)
    if failure is not None:
        raise TocsinError(
            f"{len(published):,} of {len(records):,} records were published, then the broker refused: "
            f"{failure}. What was not is listed as interrupted; `--again` retries it."
        ) from failure
    return [
        msgspec.structs.replace(retry, to_partition=partition, to_offset=offset)
        for retry, partition, offset in published
    ]


def _key(raw: bytes) -> bytes | None:
    """The document's id, by which versions of one document stay in order; None where it has none."""
    try:
        return decode(raw, now=None, future_tolerance=0).id.encode()
    except Invalid:
        return None
