"""The preset `en` as it is served."""

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from models.scores import Scores
from models.serving.classifier import Classifier
from models.taxonomy import topic_ids

WHO = (
    "The bank",
    "A small chip maker",
    "Nordic Paper Oyj",
    "$XYZ",
    "The central bank",
    "Europe's largest airline",
)
DID = (
    "reported a deep loss for the third quarter",
    "raised its dividend by 8 %",
    "named a new finance director",
    "fell 12 % in heavy trading after depositors withdrew their money",
    "left interest rates unchanged, as expected by nearly everyone who follows it",
    "agreed to buy a rival for $2.3 billion",
    "will hold its annual meeting in May",
)
MORE = (
    "",
    ".",
    ", two people who know the matter said",
    " 🚀🚀",
    "; analysts had expected far less, and the shares, which had lost a third of their value since spring, "
    "jumped in early trading before they gave up most of the gain as the chairman warned of a hard winter",
    ", said the company, which has its seat in Helsinki and employs some four thousand people",
    " as oil prices rose to their highest in seven years",
    " after regulators opened a probe of its accounts",
)
TEXTS = [f"{who} {did}{more}" for who, did, more in product(WHO, DID, MORE)]


def rows(scores: Scores) -> list[tuple[int, ...]]:
    return [
        (int(topic), int(p), *map(int, tones))
        for topic, p, tones in zip(scores.topic, scores.p_topic, scores.tones, strict=True)
    ]


def test_a_text_is_scored_the_same_in_any_company(english: Classifier) -> None:
    assert len(TEXTS) > 300
    together = rows(english.classify(TEXTS))
    alone = [rows(english.classify([text]))[0] for text in TEXTS]
    assert alone == together
    by_length = sorted(range(len(TEXTS)), key=lambda i: len(TEXTS[i]))
    shuffled = random.Random(1).sample(by_length, len(TEXTS))
    for order in (by_length, shuffled):
        assert rows(english.classify([TEXTS[i] for i in order])) == [together[i] for i in order]
    long = "The committee noted that growth had slowed while prices kept rising. " * 20
    among_long = english.classify([part for text in TEXTS[:60] for part in (long, text)])
    assert rows(among_long)[1::2] == together[:60]


@pytest.mark.parametrize("batch_tokens", [128, 1_000, 100_000])
def test_the_token_budget_changes_no_score(english: Classifier, batch_tokens: int) -> None:
    other = Classifier.load("en", threads=2, batch_tokens=batch_tokens)
    assert rows(other.classify(TEXTS)) == rows(english.classify(TEXTS))


def test_threads_may_share_a_classifier(english: Classifier) -> None:
    expected = rows(english.classify(TEXTS))
    parts = [TEXTS[i::8] for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(english.classify, parts))
    for i, answer in enumerate(answers):
        assert rows(answer) == expected[i::8]


def test_no_texts_give_no_scores(english: Classifier) -> None:
    assert len(english.classify([])) == 0
    assert english.token_counts([]) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "🚀" * 200,
        "公司第三季度亏损扩大",
        "Компания сообщила об убытках",
        "\x00\x07",
        "x" * 1_000_000,
        "a " * 500_000,
    ],
)
def test_any_text_gets_a_score(english: Classifier, text: str) -> None:
    scores = english.classify([text, "Profit doubled."])
    assert abs(int(scores.tones[0].sum()) - 1000) <= 1
    assert rows(scores)[1] == rows(english.classify(["Profit doubled."]))[0]
    assert english.token_counts([text])[0] <= 96


def test_the_preset_knows_good_news_from_bad(english: Classifier) -> None:
    scores = english.classify(
        [
            "Operating profit rose to EUR 13.1 mn from EUR 8.7 mn a year earlier.",
            "The lender filed for bankruptcy and its shares lost almost all their value.",
            "The company is based in Espoo and has 4,000 employees.",
        ]
    )
    assert scores.tone.tolist() == [2, 0, 1]
    assert scores.score[0] > 500 > -500 > scores.score[1]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("Board declares quarterly dividend of $0.25 per share", "dividend"),
        ("Brent crude climbs as producers cut output", "energy_oil"),
        ("ECB raises rates by 50 basis points", "fed_central_banks"),
        ("Goldman analyst upgrades the stock to buy and lifts the price target", "analyst_update"),
    ],
)
def test_the_preset_knows_topics(english: Classifier, text: str, topic: str) -> None:
    assert english.topics[int(english.classify([text]).topic[0])] == topic


def test_topics_are_the_taxonomy_in_order(english: Classifier) -> None:
    assert english.topics == topic_ids()
    name, _, digest = english.model.partition("@")
    assert name.startswith("tocsin-en-")
    assert len(digest) == 12


def test_scores_come_in_the_texts_order(english: Classifier) -> None:
    order = np.random.default_rng(5).permutation(len(TEXTS))
    shuffled = english.classify([TEXTS[i] for i in order])
    assert np.array_equal(shuffled.tones, english.classify(TEXTS).tones[order])


def test_serving_needs_no_torch() -> None:
    code = (
        "import sys; from models import Classifier; Classifier.load('en').classify(['Profit fell.']); "
        "print([m for m in ('torch', 'transformers', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
