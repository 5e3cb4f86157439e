from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import ModelError
from models.training.checks import prepare
from models.training.recipe import Recipe

HEADER = "headline,says,about\n"
ROWS = "".join(
    f"{word} number {i},{tone},{topic}\n"
    for i in range(20)
    for word, tone, topic in (
        ("profits soar", "good", "earnings"),
        ("shares plunge", "bad", "markets"),
        ("a meeting in may", "so-so", "earnings"),
    )
)

Build = Callable[..., Recipe]


@pytest.fixture
def build(tiny_base: Path, tmp_path: Path) -> Build:
    """Makes a recipe that is right but for what it is told to have."""
    own = tmp_path / "own.csv"
    own.write_text(HEADER + ROWS)
    tones = {"good": "positive", "so-so": "neutral", "bad": "negative"}

    def make(**changed: object) -> Recipe:
        data = {"path": own, "text": "headline", "tone": "says", "tones": tones}
        return Recipe.model_validate(
            {"name": "own-1", "base": str(tiny_base), "data": [data], "max_length": 32} | changed
        )

    return make


def test_a_right_recipe_is_read_and_what_is_missing_said(build: Build) -> None:
    prepared = prepare(build())
    assert {row.label for row in prepared.corpus.train} == {0, 1, 2}
    assert prepared.corpus.dev
    assert prepared.corpus.tests["own"]
    assert list(prepared.notices()) == ["no row has a topic: that head is not trained"]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sets": ["fbp"]}, "no data set is called 'fbp'; known: fpb"),
        ({"weights": {"fpb": 2.0}}, "weights: 'fpb' is no set or task of this training: own, tone"),
        ({"data": [{"path": "none.csv", "tone": "says"}]}, "data: there is no file none.csv"),
        ({"taxonomy": "none.toml"}, "cannot read the taxonomy none.toml"),
        ({"teachers": ["none"]}, "teachers: no model 'none': it is neither a preset"),
        ({"vocabulary": "none.json"}, "vocabulary: there is no file none.json"),
        ({"base": "./none-here"}, "none-here"),
        ({"base": "pip:none"}, "no base encoder is known in a pip package 'none'"),
        ({"layers": [0, 2]}, r"layers: the base has layers 0 to 1, none numbered \[2\]"),
        ({"tune": "top", "top_layers": 3}, "top_layers: there are only 2 layers"),
        ({"max_length": 65}, "max_length: the base reads 64 tokens at most"),
    ],
)
def test_what_is_wrong_is_named(build: Build, changed: dict[str, object], says: str) -> None:
    with pytest.raises(ModelError, match=says):
        prepare(build(**changed))


def test_an_unlabelled_file_that_is_not_there_is_named(
    build: Build, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path))
    with pytest.raises(ModelError, match=r"no file of texts none\.csv"):
        prepare(build(teachers=[str(tiny_checkpoint)], distil_texts=["none.csv"]))


def test_a_label_that_is_no_topic_is_named(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "topics.csv"
    file.write_text("text,about\noil falls,oil\nrain,weather\n")
    with pytest.raises(ModelError, match="'oil' in row 1"):
        prepare(build(data=[{"path": file, "topic": "about"}]))


def test_a_task_of_one_class_is_named(build: Build, tmp_path: Path) -> None:
    file = tmp_path / "one.csv"
    rows = [f"all is well number {i},positive,{'test' if i == 7 else 'train'}\n" for i in range(40)]
    rows.append("all is lost,negative,test\n")
    file.write_text("text,tone,part\n" + "".join(rows))
    with pytest.raises(ModelError, match="every row to train tone on says positive"):
        prepare(build(data=[{"path": file, "tone": "tone", "split": "part"}]))


def test_topics_of_a_users_own(build: Build, tmp_path: Path) -> None:
    taxonomy = tmp_path / "mine.toml"
    taxonomy.write_text(
        "".join(
            f'[[topic]]\nid = "{name}"\nname_en = "{name}"\ndescription_en = "of {name}"\n'
            for name in ("earnings", "markets", "weather")
        )
    )
    data = {"path": tmp_path / "own.csv", "text": "headline", "topic": "about"}
    prepared = prepare(build(data=[data], taxonomy=str(taxonomy)))
    assert [topic.id for topic in prepared.topics] == ["earnings", "markets", "weather"]
    assert {row.label for row in prepared.corpus.train} == {0, 1}
    assert "no row to train topic weather on" in list(prepared.notices())
