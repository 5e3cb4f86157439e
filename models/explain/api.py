"""Explain an answer by the method at hand: integrated gradients where torch is, occlusion everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from models.errors import ModelError
from models.explain.explanation import Explanation, Word
from models.explain.occlusion import LIMIT, occlude, read_length
from models.explain.words import Span
from models.serving.classifier import Classifier
from models.serving.opening import model_folder
from models.taxonomy import TONES
from models.text import model_input

if TYPE_CHECKING:
    from models.explain.integrated import Differentiable

Choice = Literal["auto", "ig", "occlusion"]
_NEEDS = ("torch", "transformers", "captum", "onnx", "safetensors")


def explain(
    text: str,
    model: str | Path | Classifier | Differentiable = "en",
    *,
    method: Choice = "auto",
    heads: Sequence[str] | None = None,
    limit: int = LIMIT,
) -> Explanation:
    """Say which words of a text speak for the model's tone and topic, and which against.

    `model` is a preset, a folder (served model, checkpoint, or transformers classifier), a loaded Classifier,
    which is explained by occlusion, or what `models.explain.opening.open_differentiable` returns, which is
    explained by integrated gradients; to explain many texts, load once. `auto` takes integrated gradients
    where the extra `train` is installed. `heads` names those to explain, by default all; `limit` bounds the
    words that occlusion leaves out one by one. The text is cleaned as for classification. Raises ModelError
    when nothing is left to read, the model or head is unknown, or the method is not to be had.
    """
    cleaned = model_input(text)
    if not cleaned:
        raise ModelError("the text is empty (web addresses and white space are not read): nothing to explain")
    opened = _opened(model, method)
    if isinstance(opened, Classifier):
        return _by_occlusion(cleaned, opened, heads, limit)
    return _by_gradients(cleaned, opened, heads)


def gradients_at_hand() -> bool:
    """Whether what integrated gradients need is installed."""
    return all(find_spec(name) for name in _NEEDS)


def _opened(model: str | Path | Classifier | Differentiable, method: Choice) -> Classifier | Differentiable:
    if isinstance(model, Classifier):
        if method == "ig":
            raise ModelError("a loaded Classifier has no gradients: give its folder, or method 'occlusion'")
        return model
    if not isinstance(model, str | Path):
        if method == "occlusion":
            raise ModelError("occlusion asks a Classifier or a served model's folder")
        return model
    model_folder(model)  # says at once, before torch is loaded, that there is no such model
    if method == "occlusion" or (method == "auto" and not gradients_at_hand()):
        return Classifier.load(model)
    if not gradients_at_hand():
        raise ModelError("integrated gradients need torch: pip install -e '.[train]', or take occlusion")
    from models.explain.opening import open_differentiable

    try:
        return open_differentiable(model)
    except ModelError as error:
        if method == "ig":
            raise
        try:
            return Classifier.load(model)  # a graph that no network can be rebuilt from still answers
        except ModelError:
            raise error from None


def _by_gradients(text: str, model: Differentiable, heads: Sequence[str] | None) -> Explanation:
    from dataclasses import replace

    from models.explain.integrated import integrate

    chosen = _chosen(tuple(model.labels), heads)
    spans, read, found = integrate(replace(model, labels={head: model.labels[head] for head in chosen}), text)
    token = model.tokenizer.id_to_token(model.pad_id)
    return Explanation(
        text=text,
        model=model.name,
        method="integrated gradients",
        baseline=f"every token replaced by {token}",
        words=_words(text, spans),
        read=read,
        heads=found,
    )


def _by_occlusion(text: str, classifier: Classifier, heads: Sequence[str] | None, limit: int) -> Explanation:
    labels = {"tone": TONES, "topic": classifier.topics}
    chosen = _chosen(tuple(labels), heads)
    read = read_length(text, classifier.token_counts)
    spans, found = occlude(
        text[:read], _answer(classifier), {head: labels[head] for head in chosen}, limit=limit
    )
    return Explanation(
        text=text,
        model=classifier.model,
        method="occlusion",
        baseline="the empty text",
        words=_words(text, spans),
        read=read,
        heads=found,
    )


def _answer(classifier: Classifier) -> Callable[[Sequence[str]], dict[str, npt.NDArray[np.floating[Any]]]]:
    def answer(texts: Sequence[str]) -> dict[str, npt.NDArray[np.floating[Any]]]:
        tone, topic = classifier.logits(texts)
        by_tone, by_topic = classifier.temperatures
        return {"tone": tone / by_tone, "topic": topic / by_topic}

    return answer


def _chosen(known: tuple[str, ...], heads: Sequence[str] | None) -> tuple[str, ...]:
    unknown = [head for head in heads or () if head not in known]
    if unknown:
        raise ModelError(f"the model has no head {unknown[0]!r}; it has {', '.join(known)}")
    return tuple(head for head in known if heads is None or head in heads)


def _words(text: str, spans: Sequence[Span]) -> tuple[Word, ...]:
    return tuple(Word(text[start:end], start, end) for start, end in spans)
