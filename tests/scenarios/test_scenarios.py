"""Quick fault scenarios: nothing lost or double, the offline run's digest. `make soak` plays the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.kafka import broker_of_yours
from tests.scenarios.ground import Ground
from tests.scenarios.play import play
from tests.scenarios.scenario import Scenario, load

YOURS = broker_of_yours()
# A broker that is not ours can neither be stopped nor cut off.
QUICK = [each for each in load("quick") if YOURS is None or not each.owns_the_broker]


@pytest.mark.parametrize("scenario", QUICK, ids=lambda each: each.name)
def test_comes_to_what_the_offline_run_came_to(scenario: Scenario, on: Ground) -> None:
    # How long recovery takes is measured by `make soak`, on a machine that does nothing else.
    outcome = play(replace(scenario, recovery=float("inf")), on)
    assert outcome.right, f"{outcome.notes}\n{outcome.log[-8000:]}"
