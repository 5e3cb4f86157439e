"""Topics as the settings want them: planned purely, made and checked on a real broker."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from typer.testing import CliRunner

from pipeline import topics
from pipeline.broker import start_broker
from pipeline.broker.process import free_port
from pipeline.cli.main import app
from pipeline.errors import TocsinError, UsageError
from pipeline.kafka_client import aiokafka_options, faust_credentials, kafka_python_options
from pipeline.settings import BrokerSettings, Settings, TopicSettings
from pipeline.topics import TOPIC_NAMES, TopicFound, TopicPlan, differences, plan, topic_name
from tests.kafka import new_run_name

RUN_NAMES = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True)


def settings_for(servers: str, run: str, **changes: int) -> Settings:
    return Settings(
        run=run,
        broker=BrokerSettings(servers=servers, connect_timeout=10),
        topics=TopicSettings(**{"partitions": 2, **changes}),
    )


def as_found(planned: tuple[TopicPlan, ...]) -> dict[str, TopicFound]:
    return {
        topic.name: TopicFound(topic.name, topic.partitions, topic.replication, topic.configs)
        for topic in planned
    }


@pytest.fixture
def settings(kafka: str) -> Iterator[Settings]:
    made = settings_for(kafka, new_run_name())
    yield made
    topics.delete(made)


# The plan


def test_live_topics_have_plain_names_and_the_set_retention() -> None:
    planned = plan(Settings(topics=TopicSettings(partitions=7, retention_hours=2, replication=3)))
    assert [topic.name for topic in planned] == [f"tocsin.{name}" for name in TOPIC_NAMES]
    assert {topic.name.removeprefix("tocsin."): topic.partitions for topic in planned} == {
        "documents": 7,
        "scored": 7,
        "rejected": 7,
        "tallies": 1,
        "sentiment": 1,
        "alerts": 1,
        "labels": 1,
    }
    kept = {topic.name: topic.configs["retention.ms"] for topic in planned}
    assert kept.pop("tocsin.labels") == "-1"
    assert set(kept.values()) == {"7200000"}
    assert all(topic.replication == 3 for topic in planned)


def test_a_replay_keeps_its_records() -> None:
    assert all(topic.configs["retention.ms"] == "-1" for topic in plan(Settings(run="lehman")))


@given(RUN_NAMES, RUN_NAMES)
def test_runs_never_share_a_topic(one: str, other: str) -> None:
    names = [{topic_name(Settings(run=run), name) for name in TOPIC_NAMES} for run in (one, other)]
    assert one == other or not names[0] & names[1]


def test_what_is_as_planned_has_no_differences() -> None:
    planned = plan(Settings())
    assert differences(planned, as_found(planned)) == []


@given(st.sampled_from(TOPIC_NAMES), st.integers(1, 20))
def test_partitions_are_compared_both_ways(name: topics.TopicName, partitions: int) -> None:
    planned = plan(Settings())
    full = topic_name(Settings(), name)
    found = as_found(planned)
    found[full] = TopicFound(full, partitions, 1, found[full].configs)
    wanted = next(topic.partitions for topic in planned if topic.name == full)
    told = differences(planned, found)
    assert told == ([] if partitions == wanted else [f"{full} has {partitions} partitions, not {wanted}"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"retention.ms": "1000"}, ["tocsin.tallies has retention.ms=1000, not 604800000"]),
        ({"max.message.bytes": "1000"}, ["tocsin.tallies has max.message.bytes=1000, not 8388608"]),
        ({"max.message.bytes": "9999999999"}, []),
        ({"message.timestamp.type": "CreateTime"}, ["tocsin.tallies has message.timestamp.type=CreateTime"]),
    ],
)
def test_configuration_is_compared(change: dict[str, str], told: list[str]) -> None:
    planned = plan(Settings())
    found = as_found(planned)
    tallies = found["tocsin.tallies"]
    found["tocsin.tallies"] = TopicFound(tallies.name, 1, 1, {**tallies.configs, **change})
    for difference, start in itertools.zip_longest(differences(planned, found), told, fillvalue="nothing"):
        assert difference.startswith(start)


def test_a_broker_that_tells_no_configuration_is_believed() -> None:
    planned = plan(Settings())
    found = {topic.name: TopicFound(topic.name, topic.partitions, 1, {}) for topic in planned}
    assert differences(planned, found) == []


# On Apache Kafka


def test_create_makes_what_is_missing_once(settings: Settings) -> None:
    planned = tuple(topic.name for topic in plan(settings))
    with pytest.raises(TocsinError, match=rf"documents does not exist[\s\S]*create --run {settings.run}"):
        topics.check(settings)
    assert set(topics.create(settings)) == set(planned)
    assert topics.create(settings) == ()
    topics.check(settings)
    assert {topic.name for topic in topics.list_topics(settings)} == set(planned)
    assert topics.delete(settings) == tuple(sorted(planned))
    assert topics.list_topics(settings) == ()


def test_mis_sized_topics_are_named_and_can_be_altered(kafka: str, settings: Settings) -> None:
    topics.create(settings)
    more = settings_for(kafka, settings.run, partitions=3)
    with pytest.raises(TocsinError, match="documents has 2 partitions, not 3"):
        topics.create(more)
    with pytest.raises(TocsinError, match="documents has 2 partitions, not 3"):
        topics.check(more)
    topics.alter(more)
    topics.check(more)
    with pytest.raises(TocsinError, match="documents has 3 partitions, not 2"):
        topics.alter(settings)


def test_changed_retention_is_named_and_mended(kafka: str) -> None:
    prefix = new_run_name("prefix")

    def keeping(hours: int) -> Settings:
        return Settings(
            broker=BrokerSettings(servers=kafka), topics=TopicSettings(prefix=prefix, retention_hours=hours)
        )

    topics.create(keeping(1))
    with pytest.raises(TocsinError, match=f"{prefix}.scored has retention.ms=3600000, not 7200000"):
        topics.check(keeping(2))
    topics.alter(keeping(2))
    topics.check(keeping(2))
    assert len(topics.delete(keeping(2))) == len(TOPIC_NAMES)


def test_impossible_replication_is_the_broker_s_own_message(kafka: str) -> None:
    with pytest.raises(TocsinError, match=r"1 broker\(s\) are registered.*topics.replication"):
        topics.create(settings_for(kafka, new_run_name(), replication=2))


def test_records_stamped_long_ago_are_kept_and_large_tallies_fit(kafka: str, settings: Settings) -> None:
    topics.create(settings)
    producer = KafkaProducer(bootstrap_servers=kafka, max_request_size=topics.MAX_RECORD_BYTES)
    documents, tallies = topic_name(settings, "documents"), topic_name(settings, "tallies")
    large = bytes(topics.MAX_RECORD_BYTES - 1000)
    producer.send(documents, b"old", partition=0, timestamp_ms=1_220_000_000_000).get(timeout=30)
    producer.send(tallies, large).get(timeout=30)
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest", group_id=None)
    for topic, value in ((documents, b"old"), (tallies, large)):
        consumer.assign([TopicPartition(topic, 0)])
        consumer.seek_to_beginning()
        record = next(consumer)
        assert record.value == value
        assert record.timestamp > 1_700_000_000_000, "the broker's clock stamps records"
    consumer.close()


# Without a broker, and on Tansu


def test_an_unreachable_broker_is_named_with_its_setting() -> None:
    servers = f"127.0.0.1:{free_port()}"
    settings = Settings(broker=BrokerSettings(servers=servers, connect_timeout=0.1))
    with pytest.raises(TocsinError, match=rf"{servers}.*broker\.servers"):
        topics.check(settings)


def test_tansu_is_good_enough_for_a_demo(tmp_path: Path) -> None:
    with start_broker("tansu", tmp_path) as broker:
        settings = settings_for(broker.servers, "demo")
        assert len(topics.create(settings)) == len(TOPIC_NAMES)
        assert topics.create(settings) == ()
        topics.check(settings)
        with pytest.raises(TocsinError, match="Tansu cannot add partitions"):
            topics.alter(settings_for(broker.servers, "demo", partitions=3))


# The command


def test_the_command_creates_lists_and_deletes(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = new_run_name()
    monkeypatch.setenv("TOCSIN_BROKER__SERVERS", kafka)

    def tocsin(*arguments: str) -> list[str]:
        result = CliRunner().invoke(
            app, ["topics", *arguments, "--run", run, "--json"], catch_exceptions=False
        )
        told = json.loads(result.stdout)
        return [topic["name"] for topic in told] if isinstance(told, list) else next(iter(told.values()))

    names = [topic.name for topic in plan(Settings(run=run))]
    assert sorted(tocsin("create")) == sorted(names)
    assert tocsin("check") == names
    assert tocsin("list") == sorted(names)
    assert tocsin("delete") == sorted(names)
    assert tocsin("list") == []


def test_live_topics_are_not_deleted_by_the_way() -> None:
    with pytest.raises(UsageError, match="--yes"):
        CliRunner().invoke(app, ["topics", "delete"], catch_exceptions=False)


# Getting in


def test_plain_connections_need_nothing() -> None:
    broker = BrokerSettings(servers="a:1,b:2")
    assert kafka_python_options(broker) == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
    }
    assert faust_credentials(broker) is None


def test_sasl_over_tls_reaches_every_client() -> None:
    import faust

    broker = BrokerSettings(
        servers="a:1",
        security_protocol="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-512",
        sasl_username="u",
        sasl_password="p",  # type: ignore[arg-type]
    )
    options = aiokafka_options(broker)
    assert options["ssl_context"].check_hostname
    assert (options["sasl_mechanism"], options["sasl_plain_username"], options["sasl_plain_password"]) == (
        "SCRAM-SHA-512",
        "u",
        "p",
    )
    credentials = faust_credentials(broker)
    assert isinstance(credentials, faust.SASLCredentials)
    assert (credentials.protocol.value, credentials.mechanism.value) == ("SASL_SSL", "SCRAM-SHA-512")


def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ssl_cafile"):
        kafka_python_options(BrokerSettings(security_protocol="SSL", ssl_cafile=tmp_path / "no.pem"))
