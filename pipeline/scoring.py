"""Documents and the classifier's output joined into scored documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.language import detect
from pipeline.records import Document, ScoredDocument, Tone
from pipeline.story import story_key
from pipeline.watchlists import NO_WATCHLISTS, Watchlists

TONES: tuple[Tone, ...] = ("negative", "neutral", "positive")


class Scores(Protocol):
    """What a classifier says of n texts; probabilities in thousandths."""

    @property
    def topic(self) -> NDArray[np.integer]:
        """Index of the topic, shape (n,)."""

    @property
    def p_topic(self) -> NDArray[np.integer]:
        """Probability of that topic, shape (n,)."""

    @property
    def tones(self) -> NDArray[np.integer]:
        """Probabilities of negative, neutral and positive, shape (n, 3)."""

    @property
    def tone(self) -> NDArray[np.integer]:
        """Index of the tone, shape (n,)."""

    @property
    def score(self) -> NDArray[np.integer]:
        """p_positive - p_negative, shape (n,)."""


class Classifier(Protocol):
    """What the pipeline asks of a classifier."""

    @property
    def model(self) -> str:
        """Name and hash of the weights."""

    @property
    def topics(self) -> tuple[str, ...]:
        """Topic ids, in the order that `Scores.topic` counts."""

    @property
    def max_chars(self) -> int:
        """Characters of a text that it looks at."""

    def classify(self, texts: Sequence[str]) -> Scores:
        """Topic and tone of each text; a text's scores do not depend on the other texts."""


def score_batch(
    documents: Sequence[Document],
    scores: Scores,
    *,
    topics: Sequence[str],
    model: str,
    run: str,
    origins: Sequence[tuple[int, int]],
    watchlists: Watchlists = NO_WATCHLISTS,
    detect_language: bool = True,
) -> list[ScoredDocument]:
    """Join n documents with their scores; `origins` holds each one's source partition and offset.

    Where the source gives no language, it is detected, if asked for.
    """
    # Lists first: reading numpy scalars one by one would cost more than the rest of this function.
    columns = zip(
        documents,
        scores.topic.tolist(),
        scores.p_topic.tolist(),
        scores.tones.tolist(),
        scores.tone.tolist(),
        scores.score.tolist(),
        origins,
        strict=True,
    )
    return [
        ScoredDocument(
            run=run,
            id=document.id,
            kind=document.kind,
            source=document.source,
            published_at=document.published_at,
            title=document.title,
            body=document.body,
            url=document.url,
            lang=document.lang or (detect(f"{document.title} {document.body}") if detect_language else ""),
            author=document.author,
            symbols=document.symbols,
            topic=topics[topic],
            p_topic=p_topic / 1000,
            tone=TONES[tone],
            p_negative=tones[0] / 1000,
            p_neutral=tones[1] / 1000,
            p_positive=tones[2] / 1000,
            score=score / 1000,
            model=model,
            story=story_key(document.title, document.body),
            watchlists=watchlists.of(document, topics[topic]),
            partition=partition,
            offset=offset,
        )
        for document, topic, p_topic, tones, tone, score, (partition, offset) in columns
    ]
