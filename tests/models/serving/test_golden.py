import pytest

from models.errors import ModelError
from models.serving.golden import check_golden, golden_texts
from models.serving.manifest import Golden

SAID = Golden(text="Profit doubled.", topic="earnings", p_topic=900, tones=(20, 30, 950))


def test_the_sentences_are_of_the_model_s_languages() -> None:
    english, chinese = golden_texts(["en"]), golden_texts(["zh"])
    assert golden_texts(["en", "zh"]) == english + chinese
    assert golden_texts(["fi"]) == golden_texts([]) == english
    assert all(text.isascii() for text in english)
    assert not any(text.isascii() for text in chinese)


def test_each_sentence_stands_once() -> None:
    texts = golden_texts(["en", "zh"])
    assert len(set(texts)) == len(texts) > 20


@pytest.mark.parametrize(
    "change",
    [{"tones": (950, 30, 20)}, {"topic": "ipo"}, {"p_topic": 700}, {"tones": (20, 160, 820)}],
)
def test_another_answer_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match=r"'Profit doubled\.': expected earnings \(0\.900\)"):
        check_golden([SAID], [SAID.model_copy(update=change)])


def test_a_little_is_tolerated_and_close_topics_may_change_places() -> None:
    check_golden([SAID], [SAID.model_copy(update={"tones": (40, 60, 900), "p_topic": 800})])
    close = SAID.model_copy(update={"p_topic": 480})
    check_golden([close], [close.model_copy(update={"topic": "ipo", "p_topic": 450})])
