import dataclasses
import re
from pathlib import Path

import pytest

from models.errors import ModelError
from models.taxonomy import TONES, load_topics, topic_ids
from models.text import text_key

RATES = '[[topic]]\nid = "rates"\nname_zh = "利率"\ndescription_zh = "利率的升降"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "own.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_twenty_topics_with_ids_fit_for_metrics_and_topics() -> None:
    topics = load_topics()
    assert len(topics) == len({t.id for t in topics}) == len({t.label for t in topics}) == 20
    assert all(re.fullmatch(r"[a-z][a-z_]*", topic.id) for topic in topics)
    assert topic_ids()[:2] == ("analyst_update", "fed_central_banks")
    assert TONES == ("negative", "neutral", "positive")


def test_every_topic_says_what_it_is_in_both_languages() -> None:
    han = re.compile("[\u4e00-\u9fff]")
    for topic in load_topics():
        english = (topic.name_en, topic.description_en, *topic.examples_en)
        chinese = (topic.name_zh, topic.description_zh, *topic.examples_zh)
        assert 3 <= len(topic.examples_en) <= 5
        assert 3 <= len(topic.examples_zh) <= 5
        assert not any(han.search(text) for text in english)
        assert all(han.search(text) for text in chinese)
    examples = [text_key(e) for topic in load_topics() for e in (*topic.examples_en, *topic.examples_zh)]
    assert len(set(examples)) == len(examples), "an example belongs to one topic"


def test_topics_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_topics()[0].id = "other"  # type: ignore[misc]


def test_a_taxonomy_of_a_users_own_needs_one_language_only(tmp_path: Path) -> None:
    (topic,) = load_topics(write(tmp_path, RATES + 'examples_zh = ["下月降息"]'))
    assert topic.label == topic.id == "rates"
    assert topic.name_en == topic.name_zh == "利率"
    assert topic.description_en == "利率的升降"
    assert (topic.examples_en, topic.examples_zh) == ((), ("下月降息",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"a list of \[\[topic\]\] tables"),
        ("topic = 3", r"a list of \[\[topic\]\] tables"),
        ('title = "x"\n' + RATES, "no title"),
        ("[[topic", "not valid TOML"),
        (RATES + RATES, "topics 1 and 2 have the same id 'rates'"),
        (RATES + RATES.replace('"rates"', '"two"\nlabel = "rates"'), "1 and 2 have the same label"),
        (RATES.replace("rates", "Interest Rates"), "the id 'Interest Rates' must"),
        (RATES.replace("rates", "overall"), "stands for all topics together"),
        ('[[topic]]\nname_en = "x"', "topic 1: id is missing"),
        ('[[topic]]\nid = "x"\nname_en = "x"', r"\(x\): description_en or description_zh is missing"),
        ('[[topic]]\nid = "x"\ndescription_en = "x"\nname_en = " "', "name_en or name_zh is missing"),
        (RATES + 'colour = "red"', "unknown field colour"),
        (RATES + "label = 3", "label must be a text"),
        (RATES + 'examples_en = "one"', "examples_en must be a list of texts"),
    ],
)
def test_a_wrong_taxonomy_is_refused_with_the_reason(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load_topics(write(tmp_path, content))


def test_a_missing_taxonomy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the taxonomy .*none\.toml: No such file"):
        load_topics(tmp_path / "none.toml")
