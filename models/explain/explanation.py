"""What an explanation says: which words spoke for the answer, which against it, and how completely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Method = Literal["integrated gradients", "occlusion"]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, in characters `start` to `end` (exclusive)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadExplanation:
    """Why one head answers as it does. Attributions are in log-odds, ln(p / (1 - p)), of its answer."""

    head: str
    """`tone` or `topic`."""
    label: str
    """The answer."""
    probability: float
    baseline_probability: float
    """Of the same label, where the text says nothing."""
    difference: float
    """Log-odds of the label for the text, minus those where the text says nothing."""
    attributions: tuple[float, ...]
    """One a word: above 0 speaks for the label, below 0 against it."""
    steps: int = 0
    """Gradients that the integral was taken from; 0 for occlusion."""

    @property
    def completeness_error(self) -> float:
        """What the words' sum lacks of the difference, in log-odds (Sundararajan et al. 2017, completeness).

        For integrated gradients the error of the integration. Occlusion takes one word out at a time, so that
        for it this also is what words say only together.
        """
        return self.difference - sum(self.attributions)

    @property
    def relative_error(self) -> float:
        """The completeness error as a share of the difference; infinite where there is none but an error."""
        error = abs(self.completeness_error)
        if not error:
            return 0.0
        return error / abs(self.difference) if self.difference else math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a model gives a text its tone and its topic."""

    text: str
    """As the model reads it."""
    model: str
    method: Method
    baseline: str
    """What stands for a text that says nothing, in words."""
    words: tuple[Word, ...]
    read: int
    """Characters of the text that the model reads; words behind them have no attribution."""
    heads: tuple[HeadExplanation, ...]

    def head(self, name: str) -> HeadExplanation:
        """The explanation of one head; KeyError when it was not explained."""
        for one in self.heads:
            if one.head == name:
                return one
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """The explanation as JSON has it; numbers to four digits behind the point."""
        return {
            "text": self.text,
            "model": self.model,
            "method": self.method,
            "baseline": self.baseline,
            "unit": "log-odds",
            "read": self.read,
            "heads": [self._head_dict(head) for head in self.heads],
        }

    def _head_dict(self, head: HeadExplanation) -> dict[str, Any]:
        return {
            "head": head.head,
            "label": head.label,
            "probability": round(head.probability, 4),
            "baseline_probability": round(head.baseline_probability, 4),
            "difference": round(head.difference, 4),
            "completeness_error": round(head.completeness_error, 4),
            "steps": head.steps,
            "words": [
                {"text": word.text, "start": word.start, "end": word.end, "attribution": round(value, 4)}
                for word, value in zip(self.words, head.attributions, strict=True)
            ],
        }


def log_odds(logits: npt.NDArray[np.floating[Any]], label: int) -> npt.NDArray[np.float64]:
    """ln(p / (1 - p)) of one class of a softmax, a row of logits each; exact where p itself rounds to 1."""
    rows = logits.astype(np.float64)
    others = np.delete(rows, label, axis=1)
    top = others.max(axis=1)
    result: npt.NDArray[np.float64] = rows[:, label] - top - np.log(np.exp(others - top[:, None]).sum(axis=1))
    return result


def probability(odds: float) -> float:
    """The probability whose log-odds these are."""
    return 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))
