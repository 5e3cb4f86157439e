"""Servers that the tests of scenarios share: one Apache Kafka with three ways in, one PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kafka import broker_of_yours
from tests.scenarios.ground import Ground, ground


@pytest.fixture(scope="session")
def on() -> Iterator[Ground]:
    """Servers to play on; the broker is yours where TOCSIN_BROKER names one."""
    with ground(broker_of_yours()) as servers:
        yield servers


@pytest.fixture(scope="session")
def own(on: Ground) -> Iterator[Ground]:
    """Servers to play on, whose broker is ours."""
    if on.yours is None:
        yield on
        return
    with ground() as servers:
        yield servers
