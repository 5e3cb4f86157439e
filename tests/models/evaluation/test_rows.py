from collections.abc import Sequence
from pathlib import Path

import pytest

from models.data import load_corpus
from models.errors import ModelError
from models.evaluation.rows import choose_rows
from models.taxonomy import topic_ids
from tests.models.evaluation.conftest import MakeModel

SAID = ("Losses deepen at plant {}", "Plant {} opens in May", "Orders of plant {} double")
TONES = ("negative", "neutral", "positive")


def write(folder: Path, head: str, rows: Sequence[str], name: str = "mine.csv") -> Path:
    file = folder / name
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    return write(tmp_path, "text,label", [f"{SAID[i % 3].format(i)},{TONES[i % 3]}" for i in range(60)])


def test_a_file_is_taken_whole_and_its_usual_columns_are_known(word_model: MakeModel, mine: Path) -> None:
    rows = choose_rows([str(mine)], [word_model()])
    assert list(rows.sets) == ["mine"]
    assert len(rows.sets["mine"]) == 60
    assert rows.sets["mine"][1].label == 1
    assert rows.topics == topic_ids()


def test_columns_and_labels_may_be_named(word_model: MakeModel, tmp_path: Path) -> None:
    file = write(
        tmp_path, "headline,mood,part", ["Profit doubles,bull,test", "Loss,bear,test", "x,bull,train"]
    )
    rows = choose_rows(
        [str(file)],
        [word_model()],
        columns={"tone": "mood", "split": "part"},
        labels={"bull": "positive", "bear": "negative"},
    )
    (mine,) = rows.sets.values()
    assert [example.label for example in mine] == [2, 0], "the training row is no test"
    assert mine[0].classes == (0, 2)


def test_a_file_with_tones_and_topics_is_two_sets(word_model: MakeModel, tmp_path: Path) -> None:
    file = write(
        tmp_path, "text,tone,topic", ["Oil falls,negative,energy_oil", "The IPO was priced well,positive,ipo"]
    )
    rows = choose_rows([str(file)], [word_model()])
    assert {name: examples[0].task for name, examples in rows.sets.items()} == {
        "mine_tone": "tone",
        "mine_topic": "topic",
    }


def test_a_users_own_topics_are_those_of_the_model(word_model: MakeModel, tmp_path: Path) -> None:
    file = write(tmp_path, "text,topic", ["The port closes,ships", "The bank cuts rates,rates"])
    rows = choose_rows([str(file)], [word_model(topics=("rates", "ships"))])
    assert [example.label for example in rows.sets["mine"]] == [1, 0]
    with pytest.raises(ModelError, match="'ships' in row 1"):
        choose_rows([str(file)], [word_model()])


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        (
            "text,label",
            ["Profit,positive", "Loss,dreadful"],
            "'dreadful' in row 2 is none of negative, neutral",
        ),
        ("text,label", ["Profit,positive", "Gain,positive"], "every row says positive"),
        ("text,label", [], "has no rows"),
        ("text,note", ["Profit,x"], "no column of labels, only text, note"),
        ("words,label", ["Profit,positive"], "no column 'text'"),
    ],
)
def test_what_a_file_lacks_is_said(
    word_model: MakeModel, tmp_path: Path, head: str, rows: list[str], message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        choose_rows([str(write(tmp_path, head, rows))], [word_model()])


def test_what_is_neither_file_nor_set_is_named(word_model: MakeModel, mine: Path) -> None:
    with pytest.raises(ModelError, match=r"fbp is neither a file .* nor a set \(fpb, "):
        choose_rows(["fbp"], [word_model()])
    with pytest.raises(ModelError, match="a column cannot be 'mood', only text"):
        choose_rows([str(mine)], [word_model()], columns={"mood": "label"})


def test_of_a_file_that_was_trained_on_only_what_was_held_out(
    word_model: MakeModel, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"path": str(mine), "tone": "label", "test_share": 0.2}
    model = word_model(training={"recipe": {"sets": [], "data": [own]}})
    rows = choose_rows([str(mine)], [model])
    assert len(rows.sets["mine"]) == 12
    assert "held-out rows only" in rows.notices[0]
    monkeypatch.setenv("TOCSIN_DATA", str(mine.parent / "none"))
    assert choose_rows([], [model]).sets == rows.sets, "without names, what the model was trained for"
    mine.unlink()
    assert any("is not there" in notice for notice in choose_rows([], [model]).notices)


def test_models_of_different_topics_are_compared_on_tones_only(
    word_model: MakeModel, mine: Path, tmp_path: Path
) -> None:
    models = [word_model(topics=("rates", "ships")), word_model(topics=("rates", "trains"))]
    assert len(choose_rows([str(mine)], models).sets["mine"]) == 60
    topics = write(tmp_path, "text,topic", ["The port closes,ships", "The bank cuts,rates"], "topics.csv")
    with pytest.raises(ModelError, match="different topics: topics cannot be compared on"):
        choose_rows([str(topics)], models)


def test_without_data_the_error_says_what_to_set(
    word_model: MakeModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "none"))
    with pytest.raises(ModelError, match="set TOCSIN_DATA"):
        choose_rows([], [word_model()])


@pytest.mark.data
def test_without_names_every_test_in_a_language_of_the_model(word_model: MakeModel, data: Path) -> None:
    english, both = word_model(), word_model(languages=("zh", "en"))
    assert set(choose_rows([], [english]).sets) == {"fpb", "tfn_sentiment", "tfn_topic"}
    assert choose_rows([], [both]).sets == load_corpus(data, ()).tests
    assert choose_rows([], [english, both]).sets == choose_rows([], [english]).sets
    own_topics = word_model(topics=("rates", "ships"))
    without = choose_rows([], [own_topics])
    assert "tfn_topic" not in without.sets
    assert without.notices == ("tfn_topic is left out: its topics are not those of the models",)


@pytest.mark.data
def test_a_set_without_a_test_is_measured_on_rows_no_model_saw(word_model: MakeModel, data: Path) -> None:
    assert len(choose_rows(["fiqa"], [word_model()]).sets["fiqa"]) > 800
    model = word_model(training={"recipe": {"sets": ["semeval_headlines", "semeval_microblogs"]}})
    rows = choose_rows(["fiqa"], [model])
    seen = {e.key for e in load_corpus(data, ("semeval_headlines", "semeval_microblogs")).train}
    assert seen.isdisjoint(example.key for example in rows.sets["fiqa"])
    assert "a model was trained on their text" in rows.notices[0]
