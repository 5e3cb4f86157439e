"""Tell topics from a name and a description alone: the nearest in embedding space, or `other`.

Every topic is the mean of the vectors of what is said of it: its name with its description, and its examples.
Sentence vectors of financial texts all point much the same way, so half the mean of a background is taken off
first: of the examples of Tocsin's own taxonomy, each language by itself, so that a description in one
language also finds texts in the other (as far as the encoder reads both).

A topic fits as well as its cosine with the text is above two things: the cosines of the other topics with the
text, and the cosines that background texts have with topics they do not belong to; each in standard
deviations over the background, so that one threshold does for every encoder. The background is Tocsin's
examples and, to equal parts, the user's own, held against her other topics: they tell what is usual in her
texts. docs/models/data.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.language import detect
from models.taxonomy import OTHER, Topic, load_topics

Floats = npt.NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
"""Texts → their sentence vectors, (n, width), as `Classifier.embed` gives them."""

THRESHOLD: Final = 1.8
"""How many standard deviations a topic must stand out by; chosen on training rows for the macro-F1 of five
topics and `other`."""

_CENTRING = 0.5
"""Share of the background's mean that is taken off. All of it tells like topics apart better, none of it
unlike ones."""
_LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class _Side:
    """What texts of one language are held against."""

    centre: Floats
    topics: Floats
    """(topics, width), unit vectors."""
    mean: float
    """Of the cosines of background texts with topics they do not belong to; then standard deviations."""
    spread: float
    contrast: float
    """Of the same cosines, less each text's mean over the topics."""


class DescribedTopics:
    """Finds the topic whose description is nearest to a text."""

    def __init__(self, topics: Sequence[Topic], embed: Embed, *, threshold: float = THRESHOLD) -> None:
        """Embed what is said of the topics; a topic with the id `other` is what fits no other one."""
        known = [topic for topic in topics if topic.id != OTHER]
        if not known:
            raise ModelError("there is no topic to tell: describe at least one besides `other`")
        self.ids = (*(topic.id for topic in known), OTHER)
        """The topics' ids; the last is `other`."""
        self._embed = embed
        self._threshold = threshold
        background = {language: embed(_background(language)) for language in _LANGUAGES}
        centres = {language: _CENTRING * vectors.mean(axis=0) for language, vectors in background.items()}
        means = [_means(topic, embed, centres) for topic in known]
        own = {
            language: [text for of in known for text in _examples(of, language)] for language in _LANGUAGES
        }
        self._sides: dict[str, _Side] = {}
        for language, centre in centres.items():
            vectors = _unit(np.stack([of.get(language, next(iter(of.values()))) for of in means]))
            groups = [(background[language], _background(language))]
            if own[language] and len(known) > 1:
                groups.append((embed(own[language]), own[language]))
            spreads = [
                _spread(_unit(of - centre) @ vectors.T, _belong(texts, known, language))
                for of, texts in groups
            ]
            mean, spread, contrast = np.mean(spreads, axis=0).tolist()
            self._sides[language] = _Side(centre, vectors, mean, spread, contrast)

    def fit(self, texts: Sequence[str]) -> Floats:
        """How far each topic stands out for each text, (n, topics), in standard deviations."""
        fits = np.zeros((len(texts), len(self.ids) - 1), np.float32)
        if not texts:
            return fits
        vectors = self._embed(texts)
        languages = np.array([_side(text) for text in texts])
        for language, side in self._sides.items():
            rows = np.flatnonzero(languages == language)
            cosines = _unit(vectors[rows] - side.centre) @ side.topics.T
            near = (cosines - side.mean) / max(side.spread, 1e-6)
            if cosines.shape[1] > 1:
                ahead = cosines - cosines.mean(axis=1, keepdims=True)
                near = (near + ahead / max(side.contrast, 1e-6)) / 2
            fits[rows] = near
        return fits

    def decide(self, fits: Floats) -> npt.NDArray[np.int64]:
        """Place in `ids` of the topic that stands out most, (n,), that of `other` below the threshold."""
        places: npt.NDArray[np.int64] = fits.argmax(axis=1).astype(np.int64)
        places[fits.max(axis=1, initial=-np.inf) < self._threshold] = len(self.ids) - 1
        return places

    def assign(self, texts: Sequence[str]) -> npt.NDArray[np.int64]:
        """Place of every text's topic in `ids`, (n,)."""
        return self.decide(self.fit(texts))


def _background(language: str) -> list[str]:
    return [text for topic in load_topics() for text in _examples(topic, language)]


def _examples(topic: Topic, language: str) -> tuple[str, ...]:
    return topic.examples_zh if language == "zh" else topic.examples_en


def _said(topic: Topic, language: str) -> list[str]:
    """What a topic's file says in a language; what was filled from the other language belongs there."""
    name, description = (
        (topic.name_zh, topic.description_zh) if language == "zh" else (topic.name_en, topic.description_en)
    )
    texts = [f"{name}. {description}", *_examples(topic, language)]
    return texts if _side(description) == language else texts[1:]


def _means(topic: Topic, embed: Embed, centres: Mapping[str, Floats]) -> dict[str, Floats]:
    said = {language: _said(topic, language) for language in _LANGUAGES}
    return {
        language: _unit(embed(texts) - centres[language]).mean(axis=0)
        for language, texts in said.items()
        if texts
    }


def _belong(texts: Sequence[str], topics: Sequence[Topic], language: str) -> npt.NDArray[np.bool_]:
    """Whether a text is an example of a topic, (texts, topics)."""
    return np.array([[text in _examples(topic, language) for topic in topics] for text in texts])


def _spread(cosines: Floats, belong: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    """Mean and standard deviation of the cosines with topics that texts do not belong to; and the latter of
    these cosines less each text's mean."""
    strange = np.where(belong, np.nan, cosines)[~belong.all(axis=1)]
    contrast = strange - np.nanmean(strange, axis=1, keepdims=True)
    return float(np.nanmean(strange)), float(np.nanstd(strange)), float(np.nanstd(contrast))


def _side(text: str) -> str:
    return "zh" if detect(text) in ("zh", "ja") else "en"


def _unit(vectors: Floats) -> Floats:
    scaled: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return scaled
