import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.errors import ModelError
from pipeline.cli.main import app

OWN = """
[[topic]]
id = "oil"
name_en = "Oil"
description_en = "crude oil stocks and oil rigs"

[[topic]]
id = "listings"
name_en = "Listings"
description_en = "the ipo was priced, the first day after the ipo"
examples_en = ["ipo filing"]
"""


def run(*arguments: str, stdin: str = "") -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        app, ["data", "topics", *arguments, "--json"], input=stdin, catch_exceptions=False
    )
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def options(tiny_served: Path, tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    return ("--taxonomy", str(tmp_path / "own.toml"), "--model", str(tiny_served))


def test_texts_get_the_nearest_of_the_users_topics(options: tuple[str, ...]) -> None:
    rows = run(*options, "-", "--threshold", "-9", stdin="crude oil rigs\n\nthe ipo was priced\n")
    assert [row["topic"] for row in rows] == ["oil", "listings"]
    assert all(row["nearest"][0]["fit"] >= row["nearest"][1]["fit"] for row in rows)


def test_below_the_threshold_is_other(options: tuple[str, ...]) -> None:
    (row,) = run(*options, "crude oil rigs", "--threshold", "99")
    assert row["topic"] == "other"
    assert {near["topic"] for near in row["nearest"]} == {"oil", "listings"}


def test_a_table_is_shown_to_people(options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["data", "topics", *options, "[bold]oil rigs"], catch_exceptions=False)
    assert "[bold]oil" in result.stdout, "text is no markup"


def test_a_wrong_taxonomy_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[[topic]]\nid = "oil"\n')
    with pytest.raises(ModelError, match="name_en or name_zh is missing"):
        run("x", "--taxonomy", str(tmp_path / "own.toml"))
