"""A real Apache Kafka for the tests, one a session, and names that keep tests apart on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from pipeline.broker import RunningBroker, start_broker


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBroker]:
    """Apache Kafka on loopback; missing jars or Java are an error that says `make setup`."""
    with start_broker("kafka", tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka(kafka_broker: RunningBroker) -> str:
    """Bootstrap servers of the session's Apache Kafka, as `broker.servers` takes them."""
    return kafka_broker.servers


@pytest.fixture
def run_name() -> str:
    """A run of this test's own, so that its topics are nobody else's."""
    return new_run_name()


def new_run_name(stem: str = "test") -> str:
    """A run name that nothing has used."""
    return f"{stem}-{uuid.uuid4().hex[:12]}"
