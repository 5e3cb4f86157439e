"""`tocsin demo` as it is typed."""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from rich.console import Console

from dashboards.board import View
from pipeline.cli.demo import NEXT_STEPS, closing, draw, next_steps, parse_speed
from pipeline.cli.main import app
from pipeline.demo.run import DemoResult
from pipeline.errors import UsageError

RESULT = DemoResult(
    documents=729,
    scored=726,
    rejected=0,
    duplicates=3,
    alerts=(),
    seconds=21.34,
    engine="kafka",
    model="none",
    digest="ab" * 32,
)


def shown(picture: object) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80).print(picture)
    return stream.getvalue()


def test_every_command_it_recommends_exists() -> None:
    known = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    recommended = {command.split()[1] for command, _ in NEXT_STEPS}
    assert recommended <= known
    text = shown(next_steps())
    assert all(command in text for command, _ in NEXT_STEPS)


def test_the_end_tells_what_became_of_every_item() -> None:
    text = shown(closing(RESULT, {}))
    assert "No alert rang." in text
    assert "729 items: 726 scored, 3 duplicates, 0 rejected, in 21.3 s" in text


@pytest.mark.parametrize(("value", "speed"), [(None, 7.0), ("max", math.inf), ("60000", 6e4), ("0.5", 0.5)])
def test_speeds(value: str | None, speed: float) -> None:
    assert parse_speed(value, 7.0) == speed


@pytest.mark.parametrize("value", ["0", "-3", "fast", "inf", "nan", ""])
def test_a_speed_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UsageError, match="--speed"):
        parse_speed(value, 7.0)


def test_the_picture_is_svg_that_loads_nothing() -> None:
    svg = draw(View(run="demo", at=datetime(2023, 3, 17, tzinfo=UTC), documents=851), RESULT)
    texts = "".join(ElementTree.fromstring(svg).itertext())
    assert "No" in texts and "rang." in texts
    assert "url(http" not in svg and 'url("http' not in svg
    assert "@font-face" not in svg
