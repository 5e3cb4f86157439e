"""The preset `en` as it is served."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models.scores import Scores
from models.serving.classifier import Classifier
from models.serving.onnx import OnnxBackend
from models.taxonomy import topic_ids
from tests.headlines import headlines

TEXTS = headlines(300)


def rows(scores: Scores) -> list[tuple[int, ...]]:
    return [
        (int(topic), int(p), *map(int, tones))
        for topic, p, tones in zip(scores.topic, scores.p_topic, scores.tones, strict=True)
    ]


@pytest.mark.parametrize("batch_tokens", [128, 100_000])
def test_the_token_budget_changes_no_score(english: Classifier, batch_tokens: int) -> None:
    other = Classifier.load("en", backend="onnx", threads=2, batch_tokens=batch_tokens)
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
    tone, topic = english.logits([])
    assert (tone.shape, topic.shape) == ((0, 3), (0, 20))


def test_long_calls_are_read_ahead_in_chunks(english: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = rows(english.classify(TEXTS))
    whole = Classifier.load("en", backend="onnx", threads=1, cache=0)
    monkeypatch.setattr(OnnxBackend, "chunk", 32)
    assert rows(whole.classify(TEXTS)) == expected
    remembering = Classifier.load("en", backend="onnx", threads=1)
    assert rows(remembering.classify([*TEXTS, *TEXTS[::-1]])) == [*expected, *expected[::-1]]
    assert sum(remembering.cache[:2]) == 2 * len(TEXTS)
    assert len(whole.embed(TEXTS[:70])) == 70


def test_remembered_scores_are_the_same_scores(english: Classifier) -> None:
    plain = Classifier.load("en", backend="onnx", threads=1, cache=0)
    remembering = Classifier.load("en", backend="onnx", threads=1, cache=100)
    texts = [*TEXTS[:80], *TEXTS[:5], *TEXTS[:5]]
    expected = rows(plain.classify(texts))
    assert rows(remembering.classify(texts)) == expected
    assert remembering.cache == (10, 80, 80, 100)
    assert rows(remembering.classify(texts[::-1])) == expected[::-1]
    assert remembering.cache[:2] == (100, 80)
    remembering.classify(TEXTS[80:200])
    assert remembering.cache.entries == 100
    assert rows(remembering.classify(texts)) == expected
    assert plain.cache == (0, 0, 0, 0)


def test_texts_are_remembered_by_what_is_read_of_them() -> None:
    classifier = Classifier.load("en", backend="onnx", threads=1)
    start = "x" * classifier.max_chars
    classifier.classify([start + "one", start + "another"])
    assert classifier.cache[:2] == (1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "🚀" * 200,
        "公司第三季度亏损扩大",
        "Компания сообщила об убытках",
        "\x00\x07",
        "\ud83d",
        "Profit \udc00 rose",
        "\u202e\u200b\ufeff",
        "\t\n\r ",
        "x" * 1_000_000,
        "\U0001f4c9" * 300_000,
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


def test_windows_read_on_where_the_lead_ends(english: Classifier) -> None:
    windows = Classifier.load("en", backend="onnx", threads=1, long_texts="windows")
    short = TEXTS[:40]
    assert rows(windows.classify(short)) == rows(english.classify(short))
    story = (
        "The company is based in Espoo. " * 30
        + "It then filed for bankruptcy and its shares collapsed. " * 30
    )
    lead, whole = english.classify([story]), windows.classify([story])
    assert whole.tones[0, 0] > lead.tones[0, 0]
    assert english.token_counts([story])[0] == 96 < windows.token_counts([story])[0]
    assert rows(windows.classify([story, *short]))[0] == rows(whole)[0]


def test_what_decides_the_scores_is_in_the_model_s_name(english: Classifier) -> None:
    windows = Classifier.load("en", backend="onnx", long_texts="windows")
    remembering = Classifier.load("en", backend="onnx", cache=7, batch_tokens=128)
    assert windows.model.split("@")[0] == english.model.split("@")[0]
    assert windows.model != english.model == remembering.model
    assert windows.max_chars == 8 * english.max_chars == 8000
