"""The topics of a run: what they are called and how they must be, and making the brokers agree."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

from pipeline.errors import TocsinError
from pipeline.kafka_client import connect_admin
from pipeline.settings import Settings

if TYPE_CHECKING:
    from kafka import KafkaAdminClient

TopicName = Literal["documents", "scored", "tallies", "rejected", "sentiment", "alerts", "labels"]
TOPIC_NAMES: tuple[TopicName, ...] = get_args(TopicName)

END_HEADER = "tocsin-end"
"""Header of a record without value that ends a replay: one a partition of `documents`, one in `alerts`."""

RETRY_HEADER = "tocsin-retry"
"""Header of a rejected record that was published again: the topic, partition and offset it had before."""

MAX_RECORD_BYTES = 8 * 1024 * 1024
"""Largest record of the topics below; producers need the same as their `max_request_size`."""
_LARGE: frozenset[TopicName] = frozenset({"rejected", "tallies", "sentiment"})
"""A rejected record holds its input in base64; a tally or a minute holds many rows and their evidence."""
_KEPT: frozenset[TopicName] = frozenset({"labels"})
"""What people have said cannot be made again: nothing deletes it."""
_PARTITIONED: frozenset[TopicName] = frozenset({"documents", "scored", "rejected"})


_LAG = 3.0
"""Seconds within which a broker tells a change that the controller has accepted."""


@dataclass(frozen=True)
class TopicPlan:
    """One topic as it should be."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True)
class TopicFound:
    """One topic as the brokers have it; `configs` is all they tell, nothing on Tansu."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, str] = field(hash=False)


def topic_name(settings: Settings, name: TopicName) -> str:
    """Full name of a topic: `tocsin.scored`, or `tocsin.RUN.scored` for a run other than `live`."""
    return f"{run_prefix(settings)}{name}"


def run_prefix(settings: Settings) -> str:
    """What the names of this run's topics begin with, with its full stop."""
    prefix = settings.topics.prefix
    return f"{prefix}." if settings.run == "live" else f"{prefix}.{settings.run}."


def plan(settings: Settings) -> tuple[TopicPlan, ...]:
    """Every topic of the run as it should be, in the order documents flow."""
    # A replay's records are read again for as long as somebody likes, whatever the day: nothing deletes them.
    hours = settings.topics.retention_hours if settings.run == "live" else None
    retention = "-1" if hours is None else str(hours * 3_600_000)
    plans = []
    for name in TOPIC_NAMES:
        configs = {
            "cleanup.policy": "delete",
            # Brokers delete by record time. A publisher may stamp its records with the day of the news, which
            # can be years ago; so the broker's own clock counts, and event time stays in the record.
            "message.timestamp.type": "LogAppendTime",
            "retention.ms": "-1" if name in _KEPT else retention,
        }
        if name in _LARGE:
            configs["max.message.bytes"] = str(MAX_RECORD_BYTES)
        partitions = settings.topics.partitions if name in _PARTITIONED else 1
        plans.append(TopicPlan(topic_name(settings, name), partitions, settings.topics.replication, configs))
    return tuple(plans)


def differences(planned: Iterable[TopicPlan], found: Mapping[str, TopicFound]) -> list[str]:
    """What keeps the brokers' topics from being as planned, a phrase each; empty when nothing does.

    Larger records than planned may be allowed. Configuration that a broker does not tell is taken as right.
    """
    told = []
    for topic in planned:
        there = found.get(topic.name)
        if there is None:
            told.append(f"{topic.name} does not exist")
            continue
        if there.partitions != topic.partitions:
            told.append(f"{topic.name} has {there.partitions} partitions, not {topic.partitions}")
        for key, value in topic.configs.items():
            actual = there.configs.get(key, value)
            if actual != value and not (key == "max.message.bytes" and int(actual) > int(value)):
                told.append(f"{topic.name} has {key}={actual}, not {value}")
    return told


def create(settings: Settings) -> tuple[str, ...]:
    """Make the run's topics that do not exist yet, check all, and return the names of those that were made.

    Raises:
        TocsinError: no broker answers, it refuses, or a topic exists that is not as planned; see `check`.
    """
    with _admin(settings) as admin:
        made = _create_missing(admin, plan(settings))
        _check(admin, settings, patience=_LAG if made else 0)
    return made


def alter(settings: Settings) -> tuple[str, ...]:
    """As `create`, and bring topics that exist to the plan: configuration, and partitions where they are few.

    Records stay where they are, and later ones of the same key may go to another partition; the aggregate
    knows documents by id, so none counts twice.

    Raises:
        TocsinError: as `create`; a topic with too many partitions cannot be mended, only deleted.
    """
    with _admin(settings) as admin:
        planned = plan(settings)
        made = _create_missing(admin, planned)
        found = _describe(admin, [topic.name for topic in planned])
        _alter(admin, planned, found)
        _check(admin, settings, patience=_LAG)
    return made


def check(settings: Settings) -> None:
    """Return when every topic of the run is as planned.

    Raises:
        TocsinError: one is missing or mis-sized; names each and the command that mends it.
    """
    with _admin(settings) as admin:
        _check(admin, settings)


def list_topics(settings: Settings, *, every_run: bool = False) -> tuple[TopicFound, ...]:
    """The run's topics as the brokers have them, sorted by name; with `every_run`, those of all runs."""
    with _admin(settings) as admin:
        names = [name for name in admin.list_topics() if _belongs(settings, name, every_run)]
        return tuple(sorted(_describe(admin, names).values(), key=lambda topic: topic.name))


def delete(settings: Settings) -> tuple[str, ...]:
    """Delete every topic of the run with all its records, the worker's changelogs too; their names."""
    from kafka.errors import KafkaError

    with _admin(settings) as admin:
        names = sorted(name for name in admin.list_topics() if _belongs(settings, name, False))
        if names:
            try:
                admin.delete_topics(names)
            except KafkaError as error:
                raise TocsinError(
                    f"The broker would not delete {', '.join(names)}: {_short(error)}"
                ) from error
    return tuple(names)


def _belongs(settings: Settings, name: str, every_run: bool) -> bool:
    prefix, run = settings.topics.prefix, run_prefix(settings)
    # The worker's Faust app is named like the run's prefix without its full stop, its changelogs `APP-…`.
    if every_run:
        return name.startswith((f"{prefix}.", f"{prefix}-"))
    if name.startswith(f"{run[:-1]}-"):
        return name.endswith("-changelog")
    return name in {topic_name(settings, topic) for topic in TOPIC_NAMES}


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    admin = connect_admin(settings.broker)
    try:
        yield admin
    finally:
        admin.close()


def _create_missing(admin: KafkaAdminClient, planned: Sequence[TopicPlan]) -> tuple[str, ...]:
    from kafka.errors import KafkaTimeoutError, NoError, TopicAlreadyExistsError, for_code

    existing = set(admin.list_topics())
    missing = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": topic.replication,
            "configs": dict(topic.configs),
        }
        for topic in planned
        if topic.name not in existing
    }
    if not missing:
        return ()
    made = []
    for answer in admin.create_topics(missing, raise_errors=False)["topics"]:
        error = for_code(answer["error_code"])
        if error is NoError:
            made.append(answer["name"])
        elif error is not TopicAlreadyExistsError:  # another worker was quicker
            raise TocsinError(
                f"The broker would not create {answer['name']}: {answer['error_message'] or error.__name__} "
                "(settings `topics.partitions`, `topics.replication`)"
            )
    try:
        admin.wait_for_topics(list(missing), timeout_ms=30_000)
    except KafkaTimeoutError as error:
        raise TocsinError(f"The broker created {', '.join(missing)} but they have no leader yet") from error
    return tuple(made)


def _alter(admin: KafkaAdminClient, planned: Sequence[TopicPlan], found: Mapping[str, TopicFound]) -> None:
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.errors import KafkaError

    short = {
        topic.name: topic.partitions
        for topic in planned
        if topic.name in found and found[topic.name].partitions < topic.partitions
    }
    unlike = [topic for topic in planned if topic.name in found and differences([topic], found)]
    try:
        if short:
            admin.create_partitions(short)
        if unlike:
            admin.alter_configs(
                [
                    ConfigResource(ConfigResourceType.TOPIC, topic.name, dict(topic.configs))
                    for topic in unlike
                ]
            )
    except KafkaError as error:
        raise TocsinError(f"The broker would not alter the topics: {_short(error)}") from error


def _check(admin: KafkaAdminClient, settings: Settings, patience: float = 0) -> None:
    planned = plan(settings)
    deadline = time.monotonic() + patience
    while told := differences(planned, _describe(admin, [topic.name for topic in planned])):
        if time.monotonic() < deadline:
            time.sleep(0.05)
            continue
        option = "" if settings.run == "live" else f" --run {settings.run}"
        raise TocsinError(
            f"Topics at {settings.broker.servers} are not as the settings say:\n"
            + "".join(f"  {difference}\n" for difference in told)
            + f"`tocsin topics create{option}` makes missing ones, `tocsin topics create --alter{option}` "
            "mends others. Partitions cannot be taken away: set `topics.partitions` to what is there, or "
            f"delete the topics and their records with `tocsin topics delete{option}`."
        )


def _describe(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, TopicFound]:
    from kafka.admin import ConfigResource, ConfigResourceType

    there = {
        topic["name"]: topic["partitions"]
        for topic in admin.describe_topics(list(names))
        if not topic["error_code"]
    }
    if not there:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, None) for name in there]
    configs: dict[str, dict[str, dict[str, Any]]] = admin.describe_configs(resources, config_filter="all")[
        "topic"
    ]
    return {
        name: TopicFound(
            name,
            len(partitions),
            min((len(partition["replica_nodes"]) for partition in partitions), default=0),
            {key: value["value"] for key, value in configs.get(name, {}).items()},
        )
        for name, partitions in there.items()
    }


def _short(error: Exception) -> str:
    # kafka-python's messages hold the whole request and answer; the broker's own words are `error_message`.
    found = re.search(r"error_message=(['\"])(.+?)\1", str(error))
    if found:
        return found[2]
    return (
        "it cannot do that (Tansu cannot add partitions)" if "does not support" in str(error) else str(error)
    )
