"""Explain by leaving words out (Zeiler and Fergus 2014): exact for whatever answers, and needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.explain.explanation import HeadExplanation, log_odds, probability
from models.explain.words import Span, in_groups, without, word_spans

Answer = Callable[[Sequence[str]], Mapping[str, npt.NDArray[np.floating[Any]]]]
"""Texts → by head, their logits (texts, labels), of which the softmax is the probability."""

LIMIT = 64
"""Words that are left out one by one; a longer text goes by groups of neighbours."""


def occlude(
    text: str, answer: Answer, labels: Mapping[str, Sequence[str]], *, limit: int = LIMIT
) -> tuple[list[Span], tuple[HeadExplanation, ...]]:
    """Words and what each adds: the log-odds of the answer with it, minus those without it.

    The baseline is the empty text. `labels` names each head's classes in the order of its logits. The model
    is asked for at most `limit` + 2 texts, in one call.
    """
    words = in_groups(word_spans(text), limit)
    answers = answer([text, "", *(without(text, word) for word in words)])
    heads = []
    for head, names in labels.items():
        logits = np.asarray(answers[head])
        label = int(logits[0].argmax())
        odds = log_odds(logits, label)
        heads.append(
            HeadExplanation(
                head=head,
                label=names[label],
                probability=probability(odds[0]),
                baseline_probability=probability(odds[1]),
                difference=float(odds[0] - odds[1]),
                attributions=tuple(float(odds[0] - one) for one in odds[2:]),
            )
        )
    return words, tuple(heads)


def read_length(text: str, count_tokens: Callable[[Sequence[str]], Sequence[int]]) -> int:
    """Characters of the text that a model reads which cuts off after so many tokens, to the end of a word."""
    ends = [word.end for word in word_spans(text)]
    if not ends:
        return len(text)
    counts = count_tokens([text[:end] for end in ends])
    # Where the text was cut off, the words behind add no token.
    return next(end for end, count in zip(ends, counts, strict=True) if count == counts[-1])
