from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Gauge

from pipeline.worker.waits import Waits


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def waits(registry: CollectorRegistry) -> Waits:
    return Waits(Gauge("waiting", "Waiting.", ["part"], registry=registry))


def test_a_part_is_away_for_as_long_as_any_work_waits_for_it(
    waits: Waits, registry: CollectorRegistry
) -> None:
    with waits.on("store") as first:
        assert waits.reasons == {}
        first.begin("refused")
        first.begin("still refused")
        with waits.on("store") as second:
            second.begin("refused, too")
            assert registry.get_sample_value("waiting", {"part": "store"}) == 2
        assert waits.reasons == {"store": "refused, too"}
    assert waits.reasons == {}
    assert registry.get_sample_value("waiting", {"part": "store"}) == 0


def test_work_that_is_cancelled_waits_no_more(waits: Waits) -> None:
    with pytest.raises(KeyboardInterrupt), waits.on("broker") as wait:
        wait.begin("gone")
        raise KeyboardInterrupt
    assert waits.reasons == {}
