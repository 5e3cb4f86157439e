from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli.main import app
from pipeline.errors import UsageError
from pipeline.labels.file import Read, read_labels, write_labels
from pipeline.store import Store
from tests.records import START, document, label

TOPICS = ("financials", "markets", "fed_central_banks")
NOW = START + timedelta(hours=1)


def read(path: Path, **options: Any) -> Read:
    given = {"topics": TOPICS, "by": "ann", "run": "live", "now": NOW, "future_tolerance": 60}
    return read_labels(str(path), **(given | options))


def csv(folder: Path, *lines: str) -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    labels = [
        label(),
        label(id="d2", tone=None, said_tone=None, by="bo", note='she said "no",\nthen left', body=""),
        label(id="d3", topic="", run="lehman", title="股价大跌", at=START + timedelta(milliseconds=7)),
    ]
    write_labels(tmp_path / "labels.csv", labels)
    again = read(tmp_path / "labels.csv")
    assert again.labels == labels
    assert again.rejected == []


def test_two_columns_are_enough(tmp_path: Path) -> None:
    path = csv(tmp_path, "headline,sentiment", "Profit doubled,POSITIVE", "Bank halts withdrawals,bearish")
    labels = read(path).labels
    assert [(each.title, each.tone, each.topic, each.by) for each in labels] == [
        ("Profit doubled", "positive", "", "ann"),
        ("Bank halts withdrawals", "negative", "", "ann"),
    ]
    assert labels[0].at < labels[1].at == NOW


def test_the_same_text_has_the_same_id(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,tone", "Profit doubled!,positive", "profit  doubled,neutral", "Loss,negative")
    ids = [each.id for each in read(path).labels]
    assert ids[0] == ids[1] != ids[2]


def test_topics_go_by_id_or_by_label_in_any_case(tmp_path: Path) -> None:
    path = csv(tmp_path, "text,topic", "Rates unchanged,FED | Central Banks", "Stocks rise,Markets")
    assert [each.topic for each in read(path).labels] == ["fed_central_banks", "markets"]


def test_rows_that_are_no_labels_are_rejected_with_line_and_reason(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "text,tone,topic,at",
        "Fine,positive,,",
        "Odd,great,,",
        ",positive,,",
        "Says nothing,,,",
        "Weather,,weather,",
        "Later,neutral,,2100-01-01T00:00:00Z",
        "When,neutral,,last week",
        "too,few",
    )
    result = read(path)
    assert [each.title for each in result.labels] == ["Fine"]
    told = [(each.offset, each.reason) for each in result.rejected]
    assert told == [
        (2, "wrong_field"),
        (3, "no_text"),
        (4, "missing_field"),
        (5, "wrong_field"),
        (6, "future_stamp"),
        (7, "wrong_field"),
        (8, "unreadable_row"),
    ]
    assert result.rejected[0].detail == "line 3: `tone` is 'great'; negative, neutral or positive"
    assert result.rejected[0].raw == b"Odd,great,,\n"


def test_an_id_alone_takes_its_text_from_the_store(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,tone", "d1,neutral", "d9,neutral")
    known = document()
    result = read(path, lookup=lambda id: known if id == known.id else None)
    assert result.labels == [
        label(tone="neutral", topic="", said_tone="negative", said_topic="financials", at=result.labels[0].at)
    ]
    assert "no document 'd9'" in result.rejected[0].detail


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    path = csv(tmp_path, "what,how", "Profit doubled,positive")
    with pytest.raises(UsageError, match="map one: --map tone=COLUMN"):
        read(path)
    with pytest.raises(UsageError, match="map one: --map title=COLUMN"):
        read(path, mapping={"tone": "how"})
    with pytest.raises(UsageError, match="no column 'who'"):
        read(path, mapping={"by": "who"})
    with pytest.raises(UsageError, match="is no field"):
        read(path, mapping={"colour": "how"})
    assert len(read(path, mapping={"tone": "how", "title": "what"}).labels) == 1


def test_jsonl_and_parquet_are_read_too(tmp_path: Path) -> None:
    import pandas as pd

    rows = [{"text": "Profit doubled", "tone": "positive"}, {"text": "Loss", "tone": "negative"}]
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pd.DataFrame(rows).to_parquet(tmp_path / "labels.parquet")
    told = [
        [(each.title, each.tone) for each in read(tmp_path / f"labels.{form}").labels]
        for form in ("jsonl", "parquet")
    ]
    assert told[0] == told[1] == [("Profit doubled", "positive"), ("Loss", "negative")]


def test_a_file_without_rows_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rows"):
        read(csv(tmp_path, "text,tone"))


# The command


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tocsin(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["labels", *arguments, "--json"], catch_exceptions=False)
    return json.loads(result.stdout)


def test_import_list_and_export_keep_who_and_when(alone: Path) -> None:
    path = csv(
        alone,
        "text,tone,topic,note",
        "Profit doubled,positive,,",
        "Bank halts,negative,financials,sure",
        "Odd,great,,",
    )
    assert tocsin("import", str(path), "--by", "ann") == {
        "labels": 2,
        "tones": {"positive": 1, "negative": 1},
        "topics": {"financials": 1},
        "rejected": 1,
        "rejected_by_reason": {"wrong_field": 1},
    }
    listed = tocsin("list")
    assert [(each["title"], each["by"], each["note"]) for each in listed] == [
        ("Profit doubled", "ann", ""),
        ("Bank halts", "ann", "sure"),
    ]
    assert tocsin("list", "--by", "bo") == []
    assert tocsin("export", "--out", "out.csv") == {"labels": 2}
    assert tocsin("import", "out.csv", "--by", "bo")["labels"] == 2
    assert tocsin("list") == listed, "who and when come from the file; the same label again is the same label"
    with Store.open("sqlite:///.tocsin/tocsin.db") as store:
        assert [each.reason for each in store.rejected("live")] == ["wrong_field"]


def test_the_list_is_a_table_for_people(alone: Path) -> None:
    tocsin("import", str(csv(alone, "text,tone", "[red]Profit[/red] doubled,positive")), "--by", "ann")
    shown = CliRunner().invoke(app, ["labels", "list"], catch_exceptions=False).stdout
    assert "[red]Profit[/red]" in shown


def test_a_file_of_nothing_but_faults_is_a_failure(alone: Path) -> None:
    path = csv(alone, "text,tone", "Odd,great")
    assert CliRunner().invoke(app, ["labels", "import", str(path)]).exit_code == 1
