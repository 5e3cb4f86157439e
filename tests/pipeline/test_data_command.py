import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.errors import ModelError
from pipeline.cli.main import app

ROWS = """headline,mood
Bank fails,bearish
bank fails!,bearish
"Bank: fails",bullish
Profit up,bullish
涨停了,bullish
🚀,bullish
Nothing said,
"""
LABELS = (
    "--text",
    "headline",
    "--tone",
    "mood",
    "--map-tone",
    "bearish=negative",
    "--map-tone",
    "bullish=positive",
)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["data", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "desk.csv").write_text(ROWS, encoding="utf-8")
    return str(tmp_path / "desk.csv")


def test_a_file_is_described_for_machines(file: str) -> None:
    (found,) = json.loads(run("check", file, *LABELS, "--json"))["sets"]
    classes: list[dict[str, Any]] = found["classes"]
    assert {one["name"]: one["rows"] for one in classes} == {"negative": 1, "neutral": 0, "positive": 2}
    assert (found["rows"], found["used"]) == (7, 3)
    assert found["languages"] == {"en": 2, "zh": 1}
    assert found["left_out"] == {
        "no letters or digits in the text": 1,
        "no tone": 1,
        "same text and label as an earlier row": 1,
        "same text as another row, other label": 1,
    }


def test_a_file_is_described_for_people(file: str) -> None:
    said = run("check", file, *LABELS)
    assert "desk: 3 of 7 rows teach tone" in said
    assert "left out 1: same text as another row, other label: row 3" in said
    assert "languages: en 2, zh 1" in said


def test_what_is_wrong_is_said(file: str) -> None:
    with pytest.raises(ModelError, match="name the column of the labels"):
        run("check", file, "--text", "headline")
    with pytest.raises(
        ModelError, match=r"'bearish' in rows 1, 2; 'bullish' in .* are none of negative, neut"
    ):
        run("check", file, "--text", "headline", "--tone", "mood")
    with pytest.raises(ModelError, match="--map-tone bearish: write LABEL=OURS"):
        run("check", file, "--tone", "mood", "--map-tone", "bearish")
    with pytest.raises(ModelError, match="neither a file nor one of the sets fpb"):
        run("check", "no-such-file.csv")


def test_public_sets_are_listed() -> None:
    rows = {row["name"]: row for row in json.loads(run("sets", "--json"))}
    assert rows["fpb"]["licence"] == "CC BY-NC-SA 3.0"
    assert rows["guba"]["classes"] == ["negative", "positive"]
    assert "tfn_topic" in run("sets")
