"""What the classifier says of a batch of texts, in thousandths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Scores:
    """Topic and tone of n texts; probabilities are whole thousandths, rounded before anything counts them."""

    topic: IntArray
    """(n,) index into the classifier's `topics`."""
    p_topic: IntArray
    """(n,) probability of that topic."""
    tones: IntArray
    """(n, 3) probabilities of negative, neutral, positive; each rounded alone: a row may miss 1000 by 1."""

    def __len__(self) -> int:
        return len(self.topic)

    @property
    def tone(self) -> IntArray:
        """(n,) 0 negative, 1 neutral, 2 positive: the likeliest after rounding; of equal ones the first."""
        tone: IntArray = self.tones.argmax(axis=1).astype(np.int64)
        return tone

    @property
    def score(self) -> IntArray:
        """(n,) p_positive − p_negative, in [−1000, 1000]."""
        score: IntArray = self.tones[:, 2] - self.tones[:, 0]
        return score


def softmax(values: npt.NDArray[np.float32], temperature: float) -> npt.NDArray[np.float64]:
    """Probabilities of the rows of `values`, whose logits are divided by the temperature first."""
    scaled = values.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities: npt.NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities


def thousandths(probabilities: npt.NDArray[np.float64]) -> IntArray:
    """Probabilities as whole thousandths, halves to even."""
    return np.rint(probabilities * 1000).astype(np.int64)


def to_scores(
    tone: npt.NDArray[np.float32],
    topic: npt.NDArray[np.float32],
    *,
    temperature_tone: float,
    temperature_topic: float,
) -> Scores:
    """Turn logits, (n, 3) and (n, topics), into scores; of equally likely topics the first wins."""
    topics = thousandths(softmax(topic, temperature_topic))
    return Scores(
        topic=topics.argmax(axis=1).astype(np.int64),
        p_topic=topics.max(axis=1, initial=0),
        tones=thousandths(softmax(tone, temperature_tone)),
    )


def no_scores() -> Scores:
    """The scores of no texts."""
    none = np.zeros(0, np.int64)
    return Scores(none, none, np.zeros((0, 3), np.int64))
