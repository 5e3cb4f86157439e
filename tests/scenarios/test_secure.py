"""An Apache Kafka that wants TLS and a password: all three clients get in, and nobody without."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import SecretStr

from pipeline.errors import TocsinError
from pipeline.kafka_client import connect_admin
from tests.scenarios.ground import Ground
from tests.scenarios.play import play
from tests.scenarios.scenario import Scenario


def test_workers_and_commands_over_tls_with_scram(own: Ground) -> None:
    scenario = Scenario(
        "secured",
        "over TLS, with SCRAM-SHA-512",
        documents=1000,
        days=2.0,
        workers=1,
        via="secure",
        mines={"before_ack": 3},
    )
    outcome = play(replace(scenario, recovery=float("inf")), own)
    assert outcome.right, f"{outcome.notes}\n{outcome.log[-8000:]}"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_named_and_a_right_one_gets_in(own: Ground, mechanism: str) -> None:
    own.reach("direct")
    assert own.secure is not None
    right = own.secure.settings(mechanism)
    connect_admin(right).close()
    wrong = right.model_copy(update={"sasl_password": SecretStr("guess"), "connect_timeout": 2.0})
    with pytest.raises(TocsinError, match="refused user 'tocsin'"):
        connect_admin(wrong)


def test_a_broker_whose_authority_is_unknown_is_not_trusted(own: Ground) -> None:
    own.reach("direct")
    assert own.secure is not None
    settings = own.secure.settings("PLAIN").model_copy(update={"ssl_cafile": None, "connect_timeout": 2.0})
    with pytest.raises(TocsinError, match=r"not trusted.*broker\.ssl_cafile"):
        connect_admin(settings)
