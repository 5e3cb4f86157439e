"""JSON Schemas and docs/topics.md say what the records are, and say it of every field."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest
from typer.testing import CliRunner

from alerts.events import Parts
from pipeline.cli.main import app
from pipeline.errors import UsageError
from pipeline.records import (
    AlertEvent,
    Document,
    Evidence,
    Label,
    LateDocument,
    Merge,
    Rejected,
    RunTotals,
    ScoredDocument,
    SentimentMinute,
    SentimentRow,
    Tally,
    Window,
)
from pipeline.schema import RECORDS, field_docs, field_table, render, schemas, select, structs
from pipeline.topics import TOPIC_NAMES

DOCS = Path(__file__).parents[2] / "docs"
NOON = datetime(2023, 3, 10, 12, tzinfo=UTC)
EVIDENCE = Evidence(
    id="a", title="t", source="s", url="", published_at=NOON, topic="macro", score=-0.5, story=2**63 - 1
)
WINDOW = Window(documents=1, mean=0.1, negative_share=0.0, negative_share_se=0.2)
ROW = SentimentRow(
    key="overall",
    documents=1,
    stories=1,
    negative=0,
    neutral=0,
    positive=1,
    negative_stories=0,
    late=0,
    score_sum=100,
    score_sumsq=10_000,
    windows={"5m": WINDOW},
    evidence=(EVIDENCE,),
)
EXAMPLES = [
    Document(id="a", source="s", published_at=NOON, title="t"),
    ScoredDocument(
        run="live",
        id="a",
        kind="news",
        source="s",
        published_at=NOON,
        title="t",
        body="",
        url="",
        lang="en",
        author="",
        symbols=("X",),
        topic="macro",
        p_topic=0.5,
        tone="neutral",
        p_negative=0.2,
        p_neutral=0.6,
        p_positive=0.2,
        score=0.0,
        model="en@0",
        story=1,
        partition=0,
        offset=0,
    ),
    Tally(run="live", partition=0, start=0, end=1, sources=("wire",), rows=bytes(120), evidence=(EVIDENCE,)),
    Rejected(
        run="live",
        reason="no_text",
        detail="d",
        raw=b"\xff",
        topic="t",
        partition=0,
        offset=0,
        rejected_at=NOON,
    ),
    SentimentMinute(
        run="r",
        minute=NOON,
        revision=0,
        rows=(ROW,),
        merged=(Merge(story=1, joined=2),),
        late=(LateDocument(partition=0, offset=1, published_at=NOON, behind=300),),
        totals=RunTotals(distinct=1, duplicates=0, rejected=0, late=0),
    ),
    AlertEvent(
        id="x",
        seq=0,
        run="live",
        key="overall",
        kind="negative_surge",
        severity="watch",
        state="firing",
        reason="fired",
        started_at=NOON,
        detected_at=NOON,
        resolved_at=None,
        window_minutes=10,
        observed=5,
        expected=1.0,
        observed_share=0.5,
        expected_share=0.1,
        surprise=4.0,
        threshold=3.0,
        evidence=(EVIDENCE,),
        cause="more_news",
        parts=Parts(worse_tone=1.0, more_news=2.5, mix=0.5),
        covers=("macro",),
        scales=(60, 240),
        realised_per_week=0.25,
    ),
    Label(id="a", title="t", said_tone="neutral", tone="negative", by="ann", at=NOON),
]


@pytest.mark.parametrize("name", RECORDS)
def test_committed_schemas_are_those_of_the_code(name: str) -> None:
    committed = (DOCS / "schemas" / f"{name}.json").read_text("utf-8")
    assert committed == render(schemas()[name]), "run `tocsin schema --out docs/schemas`"


def test_no_schema_of_a_record_that_is_gone() -> None:
    assert {path.stem for path in (DOCS / "schemas").glob("*.json")} == set(RECORDS)


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: type(record).__name__)
def test_what_is_written_fits_the_schema(record: msgspec.Struct) -> None:
    schema = schemas()[type(record).__name__]
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    content = json.loads(msgspec.json.encode(record))
    validator.validate(content)
    del content["v"]
    assert validator.is_valid(content)
    missing = {name: value for name, value in content.items() if name not in schema["required"]}
    assert not validator.is_valid(missing)


def parts() -> list[type[msgspec.Struct]]:
    return list(dict.fromkeys(struct for record in RECORDS.values() for struct in structs(record)))


def test_parts_are_found_through_lists_maps_and_unions() -> None:
    assert {part.__name__ for part in parts()} == {
        *RECORDS,
        "Evidence",
        "LateDocument",
        "Merge",
        "Parts",
        "RunTotals",
        "SentimentRow",
        "Window",
    }


@pytest.mark.parametrize("struct", parts(), ids=lambda struct: struct.__name__)
def test_every_field_is_documented(struct: type[msgspec.Struct]) -> None:
    assert set(field_docs(struct)) == set(struct.__struct_fields__)
    section = f"### {struct.__name__}\n\n{field_table(struct)}"
    assert section in (DOCS / "topics.md").read_text("utf-8"), f"docs/topics.md should have:\n{section}"


def test_every_topic_is_documented() -> None:
    text = (DOCS / "topics.md").read_text("utf-8")
    assert all(f"| `tocsin.{name}` |" in text for name in TOPIC_NAMES)


def test_examples_in_the_documentation_are_valid_records() -> None:
    text = (DOCS / "topics.md").read_text("utf-8")
    shown = re.findall(r"^    (\{\"v\":1.*?\})\n\n", text, flags=re.M | re.S)
    assert len(shown) == 2
    assert msgspec.json.decode(shown[0], type=ScoredDocument).score == -0.933
    assert msgspec.json.decode(shown[1], type=AlertEvent).seq == 1
    published = re.search(r"echo '(\{.*?\})' \|", text)
    assert published and msgspec.json.decode(published[1], type=Document).title


def test_an_unknown_record_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="ScoredDocument"):
        select(schemas(), "Scored")


def test_the_command_writes_a_file_a_record(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schema", "AlertEvent", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert (tmp_path / "AlertEvent.json").read_text("utf-8") == render(schemas()["AlertEvent"])
