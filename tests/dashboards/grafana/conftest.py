from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dashboards.grafana.files import files
from dashboards.grafana.provisioning import Addresses
from models.taxonomy import load_topics
from tests.servers import Server, start_postgres


@pytest.fixture(scope="session")
def made() -> dict[str, str]:
    """Every file as `tocsin dashboards build` makes it, by path."""
    return files({each.id: (each.name_en, each.name_zh) for each in load_topics()}, Addresses())


@pytest.fixture(scope="session")
def boards(made: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The dashboards by uid."""
    told = [json.loads(text) for name, text in made.items() if name.startswith("dashboards/")]
    return {board["uid"]: board for board in told}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with start_postgres() as server:
        yield server
