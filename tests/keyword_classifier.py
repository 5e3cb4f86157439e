"""A classifier that reads tone and topic off a few words, so that tests see the pipeline and no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.scores import Scores

TOPICS = ("financials", "markets", "energy_oil")
_TOPIC_WORDS = {"bank": 0, "lender": 0, "shares": 1, "stocks": 1, "oil": 2}
_TONE_WORDS = {"halts": 0, "fails": 0, "plunge": 0, "rally": 2, "gains": 2}


class KeywordClassifier:
    """Scores follow from each text alone, as the pipeline asks of a classifier."""

    model = "keywords@1"
    topics = TOPICS
    languages = ("en",)
    max_chars = 1000

    def classify(self, texts: Sequence[str]) -> Scores:
        tones, topics = [], []
        for text in texts:
            if "crash the model" in text:
                raise RuntimeError("told to")
            words = text.lower().split()
            tone = next((_TONE_WORDS[word] for word in words if word in _TONE_WORDS), 1)
            tones.append([900 if index == tone else 50 for index in range(3)])
            topics.append(next((_TOPIC_WORDS[word] for word in words if word in _TOPIC_WORDS), 1))
        return Scores(
            topic=np.array(topics, dtype=np.int64),
            p_topic=np.full(len(texts), 800, dtype=np.int64),
            tones=np.array(tones, dtype=np.int64).reshape(len(texts), 3),
        )
