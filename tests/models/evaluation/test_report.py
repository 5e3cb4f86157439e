import json

import pytest

from models.data import Example
from models.errors import ModelError
from models.evaluation.evaluate import compare_models, evaluate
from models.evaluation.records import comparison_record, report_record
from models.evaluation.report import length_bucket
from models.evaluation.rows import Rows
from models.taxonomy import topic_ids
from tests.models.evaluation.conftest import MakeModel, row

ToneRows = tuple[Example, ...]


def rows_of(**sets: ToneRows) -> Rows:
    return Rows(sets, topic_ids(), ("a notice",))


def test_a_set_is_measured_whole_and_in_parts(word_model: MakeModel, tone_rows: ToneRows) -> None:
    report = evaluate(word_model(), rows_of(own=tone_rows))
    (one,) = report.sets
    assert one.figures.accuracy == pytest.approx(56 / 60)
    assert one.figures.accuracy in one.intervals.accuracy
    assert one.confusion.tolist() == [[20, 0, 0], [0, 20, 0], [0, 4, 16]]
    assert one.before.ece != one.after.ece
    assert one.figures.ece == one.after.ece
    by = {(part.by, part.name): part.figures.rows for part in one.parts}
    assert by == {
        ("language", "en"): 30,
        ("language", "zh"): 30,
        ("length", "1–16 tokens"): 45,
        ("length", "17–32 tokens"): 15,
    }
    assert one.parts == report.parts["tone"], "of one set, its parts are those of the head"


def test_several_sets_are_divided_by_source_too(word_model: MakeModel, tone_rows: ToneRows) -> None:
    other = tuple(
        row(100 + i, f"bad {i}" if i % 2 else f"good {i}", "negative", source="x") for i in range(4)
    )
    other = (*other, row(200, "good", "positive"))
    report = evaluate(word_model(), rows_of(own=tone_rows, other=other))
    assert [one.name for one in report.sets] == ["own", "other"]
    assert {part.name for part in report.parts["tone"] if part.by == "source"} == {"own", "x"}


def test_rows_that_all_annotators_agreed_on_are_a_set_of_their_own(
    word_model: MakeModel, tone_rows: ToneRows
) -> None:
    agreed = tuple(row(i, f"bad {i}", "negative", agreement=100) for i in range(100, 110))
    report = evaluate(word_model(), rows_of(own=(*tone_rows, *agreed)))
    assert [(one.name, one.figures.rows) for one in report.sets] == [("own", 70), ("own_all_agree", 10)]


def test_a_set_without_neutral_is_judged_on_the_others(word_model: MakeModel) -> None:
    rows = tuple(
        row(i, "bad news" if i % 2 else "nothing said", "negative" if i % 2 else "positive", classes=(0, 2))
        for i in range(20)
    )
    (one,) = evaluate(word_model(), rows_of(own=rows)).sets
    assert one.judged == ("negative", "positive")
    # "nothing said" is neutral to the model; between the two it cannot tell, and says the first.
    assert one.confusion.tolist() == [[10, 0, 0], [0, 0, 0], [10, 0, 0]]


def test_mistakes_are_kept_when_asked_for_and_the_surest_come_first(
    word_model: MakeModel, tone_rows: ToneRows
) -> None:
    assert evaluate(word_model(), rows_of(own=tone_rows)).sets[0].mistakes == ()
    (one,) = evaluate(word_model(), rows_of(own=tone_rows), mistakes=3).sets
    assert len(one.mistakes) == 3
    assert {(mistake.label, mistake.guess) for mistake in one.mistakes} == {("positive", "neutral")}


def test_a_set_that_cannot_be_measured_is_named(word_model: MakeModel) -> None:
    with pytest.raises(ModelError, match="mine: all 1 rows"):
        evaluate(word_model(), rows_of(mine=(row(1, "x", "neutral"),)))
    with pytest.raises(ModelError, match="nothing to measure on"):
        evaluate(word_model(), Rows({}, topic_ids()))


def test_the_record_is_json_and_holds_no_text_unless_asked(
    word_model: MakeModel, tone_rows: ToneRows
) -> None:
    plain = json.dumps(report_record(evaluate(word_model(), rows_of(own=tone_rows))))
    assert not any(example.text in plain for example in tone_rows)
    record = json.loads(plain)
    own = record["sets"]["own"]
    assert own["accuracy"]["value"] == pytest.approx(56 / 60, abs=1e-6)
    assert own["accuracy"]["low"] < own["accuracy"]["value"] < own["accuracy"]["high"]
    assert own["calibration"]["temperature"] == 2.0
    assert set(own["calibration"]["as_served"]) == {"ece", "chance", "chance_high", "p_value", "bins"}
    assert record["notices"] == ["a notice"]
    asked = report_record(evaluate(word_model(), rows_of(own=tone_rows), mistakes=1))
    assert asked["sets"]["own"]["mistakes"][0]["text"].startswith("orders doubled")


def test_two_models_are_compared_on_the_same_rows(word_model: MakeModel, tone_rows: ToneRows) -> None:
    worse, better = word_model(), word_model(name="words-2", good="orders")
    found = compare_models(worse, better, rows_of(own=tone_rows))
    record = json.loads(json.dumps(comparison_record(worse.model, better.model, found, ())))
    assert record["verdict"] == "no difference", "four rows are too few for the exact test"
    assert record["comparisons"][0]["only_b_right"] == 4
    twice = compare_models(worse, better, rows_of(one=tone_rows, two=tone_rows))
    assert comparison_record("a", "b", twice, ())["verdict"] == "better"


@pytest.mark.parametrize(
    ("tokens", "bucket"), [(1, "1–16 tokens"), (32, "17–32 tokens"), (65, "over 64 tokens")]
)
def test_lengths_fall_into_buckets(tokens: int, bucket: str) -> None:
    assert length_bucket(tokens) == bucket
