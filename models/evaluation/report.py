"""The figures of a model on every set, whole and in parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.data import Example, Task
from models.evaluation.answers import Answers
from models.evaluation.calibration import Calibration, calibration
from models.evaluation.intervals import Intervals, intervals
from models.evaluation.measures import Figures, confusion, figures

Mask = npt.NDArray[np.bool_]

TITLES: Mapping[str, str] = {
    "fpb": "Financial PhraseBank, hold-out",
    "fpb_all_agree": "… of these, all annotators agreed",
    "tfn_sentiment": "Twitter Financial News, tone",
    "tfn_topic": "Twitter Financial News, topic",
    "finfe": "FinFE, Chinese forum comments",
    "zh_news": "Chinese news titles, negative or positive",
    "guba": "Chinese forum posts, negative or positive",
}
"""What the public sets are called; other sets by their names."""
LENGTHS = (16, 32, 64)
"""Upper ends of the length buckets, in tokens; one more holds what is longer."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a set, or of all sets of one head."""

    by: str
    """What the rows have in common: source, language or length."""
    name: str
    figures: Figures
    intervals: Intervals


@dataclass(frozen=True, slots=True)
class Mistake:
    """A row that the model got wrong."""

    example: Example
    label: str
    guess: str
    confidence: float


@dataclass(frozen=True, slots=True)
class SetReport:
    """One set."""

    name: str
    task: Task
    names: tuple[str, ...]
    """The classes, in the order of the confusion matrix."""
    judged: tuple[str, ...]
    """Those that the set tells apart; the model was asked among these."""
    figures: Figures
    intervals: Intervals
    confusion: npt.NDArray[np.int64]
    """Rows of every (label, guess)."""
    temperature: float
    before: Calibration
    """With temperature 1."""
    after: Calibration
    """With the model's own temperature: as served."""
    parts: tuple[Part, ...]
    mistakes: tuple[Mistake, ...] = ()
    """The ones it was surest of, first."""


@dataclass(frozen=True, slots=True)
class Report:
    """One model on every set."""

    model: str
    sets: tuple[SetReport, ...]
    parts: Mapping[Task, tuple[Part, ...]]
    """All rows of one head, divided by source, language and length."""
    notices: tuple[str, ...] = ()


def length_bucket(tokens: int) -> str:
    """The bucket of a text's length.

    >>> length_bucket(16), length_bucket(17), length_bucket(90)
    ('1–16 tokens', '17–32 tokens', 'over 64 tokens')
    """
    low = 1
    for high in LENGTHS:
        if tokens <= high:
            return f"{low}–{high} tokens"
        low = high + 1
    return f"over {LENGTHS[-1]} tokens"


def set_report(name: str, answers: Answers, *, mistakes: int = 0) -> SetReport:
    """Measure what a model said of one set; keep so many of its mistakes, none by default."""
    labels, names = answers.labels, answers.names
    classes = {index for example in answers.examples for index in example.classes or range(len(names))}
    return SetReport(
        name=name,
        task=answers.task,
        names=names,
        judged=tuple(names[index] for index in sorted(classes)),
        figures=figures(labels, answers.served.guesses, answers.served.confidence, names),
        intervals=intervals(labels, answers.served.guesses, answers.served.confidence, len(names)),
        confusion=confusion(labels, answers.served.guesses, len(names)),
        temperature=answers.temperature,
        before=calibration(answers.raw.confidence, answers.raw.guesses == labels),
        after=calibration(answers.served.confidence, answers.served.guesses == labels),
        parts=parts([answers]),
        mistakes=_mistakes(answers, mistakes),
    )


def parts(sets: Sequence[Answers]) -> tuple[Part, ...]:
    """Divide the rows of one head by source, language and length, where they differ in it."""
    labels = np.concatenate([one.labels for one in sets])
    guesses = np.concatenate([one.served.guesses for one in sets])
    confidence = np.concatenate([one.served.confidence for one in sets])
    examples = [example for one in sets for example in one.examples]
    tokens = np.concatenate([one.tokens for one in sets])
    names = sets[0].names
    keys: dict[str, list[str]] = {
        "source": [example.source for example in examples],
        "language": [example.language for example in examples],
        "length": [length_bucket(int(count)) for count in tokens],
    }
    found = []
    for by, values in keys.items():
        # Lengths in their own order, names by the alphabet.
        distinct = sorted(set(values), key=_by_length) if by == "length" else sorted(set(values))
        if len(distinct) < 2:
            continue
        of_row = np.array(values)
        for value in distinct:
            mask = of_row == value
            inside = labels[mask], guesses[mask], confidence[mask]
            found.append(Part(by, value, figures(*inside, names), intervals(*inside, len(names))))
    return tuple(found)


def _by_length(bucket: str) -> int:
    ends = [length_bucket(high) for high in LENGTHS]
    return ends.index(bucket) if bucket in ends else len(ends)


def _mistakes(answers: Answers, count: int) -> tuple[Mistake, ...]:
    wrong = np.flatnonzero(answers.served.guesses != answers.labels)
    surest = wrong[np.argsort(-answers.served.confidence[wrong], kind="stable")][:count]
    return tuple(
        Mistake(
            example=answers.examples[row],
            label=answers.names[answers.labels[row]],
            guess=answers.names[answers.served.guesses[row]],
            confidence=float(answers.served.confidence[row]),
        )
        for row in surest
    )
