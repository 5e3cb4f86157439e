"""A model that answers by two words, so that evaluation can be tested without weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from models.data import Example
from models.taxonomy import TONES, topic_ids
from models.text import text_key


class WordModel:
    """Sure of `good` and `bad`, else neutral; every topic is the one whose id stands in the text."""

    def __init__(
        self,
        name: str,
        good: str,
        training: Mapping[str, Any],
        topics: Sequence[str],
        languages: Sequence[str],
    ) -> None:
        self.model = f"{name}@0123456789ab"
        self.languages = tuple(languages)
        self.topics = tuple(topics)
        self.temperatures = (2.0, 1.0)
        self.training = training
        self._good = good

    def logits(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        tones = [
            ["bad" in text, not ("bad" in text or self._good in text), self._good in text] for text in texts
        ]
        topics = [[topic in text.split() for topic in self.topics] for text in texts]
        return 4 * np.array(tones, np.float32), 5 * np.array(topics, np.float32)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


MakeModel = Callable[..., WordModel]


@pytest.fixture
def word_model() -> MakeModel:
    def make(
        name: str = "words-1",
        good: str = "good",
        training: Mapping[str, Any] | None = None,
        topics: Sequence[str] = topic_ids(),
        languages: Sequence[str] = ("en",),
    ) -> WordModel:
        return WordModel(name, good, training or {}, topics, languages)

    return make


def row(number: int, text: str, tone: str, **more: Any) -> Example:
    """One labelled text in our own words."""
    source = more.pop("source", "own")
    return Example(f"{source}-{number}", source, "tone", text, text_key(text), TONES.index(tone), **more)


@pytest.fixture
def tone_rows() -> tuple[Example, ...]:
    """Sixty rows of two languages and lengths; the model is wrong about every fifth of the good ones."""
    texts = {"negative": "a bad quarter", "neutral": "the meeting is in may", "positive": "good orders"}
    rows = []
    for number in range(60):
        tone = TONES[number % 3]
        text = texts[tone] if tone != "positive" or number % 15 != 2 else "orders doubled"
        filler = " and so on" * (8 if number % 4 == 0 else 0)
        rows.append(row(number, f"{text} {number}{filler}", tone, language="zh" if number % 2 else "en"))
    return tuple(rows)
