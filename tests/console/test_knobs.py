"""Settings that the replay desk lets somebody turn."""

from __future__ import annotations

from typing import Any

import pytest

from alerts.settings import DetectorSettings
from dashboards.console.desk.knobs import KNOBS, Wrong, knob_views, positions, turned
from dashboards.console.views.say import Say

SETTINGS = DetectorSettings()


def test_turning_nothing_changes_nothing() -> None:
    assert turned(SETTINGS, {}) == SETTINGS
    assert turned(SETTINGS, positions(SETTINGS)) == SETTINGS


def test_what_is_turned_is_what_the_detector_gets() -> None:
    deaf = turned(SETTINGS, {"min_surprise": 7, "min_stories": 9.0, "windows": [1]})
    assert (deaf.min_surprise, deaf.min_stories, deaf.windows) == (7.0, 9, SETTINGS.windows)
    assert isinstance(deaf.min_stories, int)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_surprise", 0.1),
        ("share_weight", 1.01),
        ("budget_per_week", "1"),
        ("warmup_days", True),
        ("min_stories", None),
    ],
)
def test_a_knob_beyond_its_bounds_is_named(name: str, value: Any) -> None:
    with pytest.raises(Wrong, match=name):
        turned(SETTINGS, {name: value})


def test_its_bounds_are_within_those_of_the_detector() -> None:
    for name, (least, most, _) in KNOBS.items():
        for bound in (least, most):
            DetectorSettings(**{name: int(bound) if name == "min_stories" else bound})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_each_is_named_and_explained(lang: str) -> None:
    assert all(view["label"] and view["help"] for view in knob_views(Say(lang)))
