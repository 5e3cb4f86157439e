from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import pytest

from models.errors import ModelError
from models.taxonomy import Topic
from models.text import text_key
from models.topics import DescribedTopics
from models.topics.described import Floats


def embed(texts: Sequence[str]) -> Floats:
    """Letters in threes, hashed into 256 places: texts with common words are near, like a poor encoder's."""
    vectors = np.full((len(texts), 256), 0.5, np.float32)
    for vector, text in zip(vectors, texts, strict=True):
        key = text_key(text)
        for start in range(len(key)):
            for length in (1, 2, 4):
                piece = key[start : start + length]
                vector[blake2b(piece.encode(), digest_size=1).digest()[0]] += len(piece) ** 0.5
    return vectors


RATES = Topic("rates", "r", "Mortgage rates", "房贷利率", "What home loans cost", "住房贷款的价格")
SHIPS = Topic("ships", "s", "Container shipping", "集装箱航运", "Freight vessels and harbours", "货轮与港口")
CHIPS = Topic(
    "chips", "c", "Semiconductors", "半导体芯片", "Wafers, foundries and lithography", "晶圆与光刻机"
)


def told(topics: Sequence[Topic], *texts: str, threshold: float = 1.8) -> list[str]:
    described = DescribedTopics(topics, embed, threshold=threshold)
    return [described.ids[place] for place in described.assign(texts)]


def test_the_nearest_description_is_told_in_either_language() -> None:
    assert told(
        [RATES, SHIPS, CHIPS],
        "Mortgage rates climb, home loans cost more",
        "Container vessels queue outside the harbours",
        "晶圆厂订购新的光刻机",
        "集装箱货轮在港口外排队",
    ) == ["rates", "ships", "chips", "ships"]


def test_what_fits_nothing_is_other() -> None:
    assert told([RATES, SHIPS, CHIPS], "Prime minister resigns", "总理宣布辞职", "🚀🚀") == ["other"] * 3
    assert told([RATES, SHIPS, CHIPS], "Mortgage rates climb", threshold=99) == ["other"]


def test_one_topic_alone_is_told_from_other() -> None:
    assert told([SHIPS], "Container shipping: freight vessels and harbours", "Prime minister resigns") == [
        "ships",
        "other",
    ]


def test_a_topic_called_other_is_the_rest_and_needs_no_description_of_its_own() -> None:
    rest = Topic("other", "o", "The rest", "其他", "Anything else", "其他一切")
    described = DescribedTopics([rest, RATES, SHIPS], embed)
    assert described.ids == ("rates", "ships", "other")
    with pytest.raises(ModelError, match="describe at least one"):
        DescribedTopics([rest], embed)


def test_examples_widen_a_topic() -> None:
    bare = DescribedTopics([RATES, SHIPS, CHIPS], embed)
    taught = Topic(
        "ships",
        "s",
        SHIPS.name_en,
        SHIPS.name_zh,
        SHIPS.description_en,
        "",
        ("Tankers idle off the coast",),
        (),
    )
    wider = DescribedTopics([RATES, taught, CHIPS], embed)
    text = ["More tankers idle off the coast"]
    assert wider.fit(text)[0, 1] > bare.fit(text)[0, 1]


def test_a_topic_in_one_language_is_held_against_texts_of_both() -> None:
    only = Topic("loans", "l", "KfW loans", "KfW loans", "Loans of the KfW", "Loans of the KfW")
    described = DescribedTopics([only, SHIPS], embed)
    fits = described.fit(["KfW loans are cut", "德国KfW loans放缓"])
    assert fits.shape == (2, 2)
    assert (fits[:, 0] > fits[:, 1]).all()


def test_neighbours_do_not_matter() -> None:
    described = DescribedTopics([RATES, SHIPS, CHIPS], embed)
    texts = ["Mortgage rates climb", "Prime minister resigns", "集装箱航运", "Wafers"]
    together = described.fit(texts)
    alone = np.concatenate([described.fit([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_texts_have_no_topics() -> None:
    assert len(DescribedTopics([RATES, SHIPS], embed).assign([])) == 0
