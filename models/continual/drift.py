"""Whether a model's answers look as they used to, day by day: classes and confidence against a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from typing import Any, Literal

from models.continual.stability import DRIFT, ENOUGH, SHIFT, chance_level, population_stability
from models.errors import ModelError
from models.taxonomy import TONES

What = Literal["tone", "topic", "tone_confidence", "topic_confidence"]
WHAT: tuple[What, ...] = ("tone", "topic", "tone_confidence", "topic_confidence")
Verdict = Literal["stable", "shift", "drift"]

EDGES = (400, 500, 600, 700, 800, 900, 950, 980)
"""Where one bin of confidence ends and the next begins, thousandths; finer at the top, where they crowd."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1)


def confidence_bin(thousandths: int) -> int:
    """Bin of a probability, 0 to 8.

    >>> confidence_bin(399), confidence_bin(400), confidence_bin(1000)
    (0, 1, 8)
    """
    return sum(thousandths >= edge for edge in EDGES)


@dataclass
class Answers:
    """What a model said of some documents: how often each class, and how sure it was."""

    counts: dict[What, list[int]]
    """Documents by class, or by bin of confidence."""
    sums: dict[str, int] = field(default_factory=lambda: {"tone": 0, "topic": 0})
    """Sum of the winning probabilities, thousandths."""

    @classmethod
    def none(cls, topics: int) -> Answers:
        """No documents, of a model with so many topics."""
        sizes = (len(TONES), topics, len(EDGES) + 1, len(EDGES) + 1)
        return cls({what: [0] * size for what, size in zip(WHAT, sizes, strict=True)})

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return sum(self.counts["tone"])

    def learn_one(self, tone: int, p_tone: int, topic: int, p_topic: int) -> None:
        """Count one document: indices of its classes, and their probabilities in thousandths."""
        self.counts["tone"][tone] += 1
        self.counts["topic"][topic] += 1
        self.counts["tone_confidence"][confidence_bin(p_tone)] += 1
        self.counts["topic_confidence"][confidence_bin(p_topic)] += 1
        self.sums["tone"] += p_tone
        self.sums["topic"] += p_topic

    def __add__(self, other: Answers) -> Answers:
        return Answers(
            {
                what: [a + b for a, b in zip(self.counts[what], other.counts[what], strict=True)]
                for what in WHAT
            },
            {task: self.sums[task] + other.sums[task] for task in self.sums},
        )

    def mean_confidence(self, task: Literal["tone", "topic"]) -> float:
        """Mean probability of the class that won; 0 without documents."""
        return self.sums[task] / 1000 / max(1, self.documents)


@dataclass(frozen=True, slots=True)
class Stability:
    """How far one distribution is from its reference."""

    index: float
    """Population stability index."""
    chance: float
    """What it stays below 99 times of 100 when nothing has changed but the sample."""

    @property
    def verdict(self) -> Verdict:
        """`stable` below 0.1 or within chance, `drift` from 0.25 on, `shift` between."""
        if self.index < SHIFT or self.index <= self.chance:
            return "stable"
        return "shift" if self.index < DRIFT else "drift"


@dataclass(frozen=True, slots=True)
class DayReport:
    """One UTC day of event time."""

    day: date
    documents: int
    confidence_tone: float
    confidence_topic: float
    stability: dict[What, Stability]
    """Empty for a day of the reference, and while there is none."""


class DriftMonitor:
    """Counts what one model says per UTC day of event time and compares each day with a reference.

    Without a `reference` the first `reference_days` days that have `ENOUGH` documents are it. The state has a
    bounded size: kept are the earliest days, `spare_days` more than the reference needs (so that stray stamps
    of long ago do no harm), and the latest `keep_days` (None: every day). In whatever order documents come,
    the days that are kept and their counts are the same.

    >>> monitor = DriftMonitor(["macro", "other"], reference_days=1)
    >>> for at in range(100):
    ...     monitor.learn_one(at, tone=1, p_tone=900, topic=0, p_topic=800)
    ...     monitor.learn_one(86_400 + at, tone=0, p_tone=700, topic=0, p_topic=800)
    >>> latest = monitor.reports()[-1]
    >>> latest.stability["tone"].verdict, latest.stability["topic"].verdict
    ('drift', 'stable')
    """

    def __init__(
        self,
        topics: Sequence[str],
        *,
        reference: Answers | None = None,
        reference_days: int = 7,
        spare_days: int = 31,
        keep_days: int | None = 3,
    ) -> None:
        self.topics = tuple(topics)
        self.place = {topic: index for index, topic in enumerate(self.topics)}
        """Topic id → its index."""
        self._given = reference
        self._reference_days = 0 if reference is not None else reference_days
        self._early = self._reference_days + (spare_days if self._reference_days else 0)
        self._keep_days = keep_days
        self._days: dict[int, Answers] = {}

    def learn_one(self, at: float, *, tone: int, p_tone: int, topic: int, p_topic: int) -> None:
        """Count one document published at `at`, unix seconds; probabilities in thousandths."""
        day = int(at // _DAY)
        answers = self._days.get(day)
        if answers is None:
            answers = self._days[day] = Answers.none(len(self.topics))
            self._forget()
        answers.learn_one(tone, p_tone, topic, p_topic)

    def reference(self) -> Answers | None:
        """What days are compared with; None until its days are over."""
        if self._given is not None:
            return self._given
        first = self._first_days()
        if len(first) < self._reference_days or first[-1] == max(self._days):
            return None
        return sum((self._days[day] for day in first), Answers.none(len(self.topics)))

    def total(self) -> Answers:
        """The counts of all days that are kept."""
        return sum(self._days.values(), Answers.none(len(self.topics)))

    def reports(self) -> list[DayReport]:
        """The days that are kept, in order."""
        return self._report(sorted(self._days))

    def latest(self) -> DayReport | None:
        """The latest day; None before the first document."""
        return self._report([max(self._days)])[0] if self._days else None

    def _report(self, days: Sequence[int]) -> list[DayReport]:
        reference = self.reference()
        learned_from = set(self._first_days())
        return [_report(day, self._days[day], None if day in learned_from else reference) for day in days]

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain values, for `load`."""
        return {
            "topics": list(self.topics),
            "days": {str(day): answers_to_dict(answers) for day, answers in sorted(self._days.items())},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `to_dict` gave; ModelError when it is of other topics."""
        if tuple(state["topics"]) != self.topics:
            raise ModelError("the kept counts of answers are of a model with other topics")
        self._days = {int(day): answers_from_dict(answers) for day, answers in state["days"].items()}
        self._forget()

    def _first_days(self) -> list[int]:
        full = (day for day in sorted(self._days) if self._days[day].documents >= ENOUGH)
        return list(islice(full, self._reference_days))

    def _forget(self) -> None:
        if self._keep_days is None:
            return
        days = sorted(self._days)
        for day in days[self._early : max(self._early, len(days) - self._keep_days)]:
            del self._days[day]


def answers_to_dict(answers: Answers) -> dict[str, Any]:
    """Counts as plain values."""
    return {"counts": dict(answers.counts), "sums": dict(answers.sums)}


def answers_from_dict(state: dict[str, Any]) -> Answers:
    """What `answers_to_dict` wrote."""
    return Answers({what: list(state["counts"][what]) for what in WHAT}, dict(state["sums"]))


def _report(day: int, answers: Answers, reference: Answers | None) -> DayReport:
    stability = {
        what: Stability(
            population_stability(reference.counts[what], answers.counts[what]),
            chance_level(reference.counts[what], answers.counts[what]),
        )
        for what in WHAT
        if reference is not None
    }
    return DayReport(
        day=_EPOCH + timedelta(days=day),
        documents=answers.documents,
        confidence_tone=answers.mean_confidence("tone"),
        confidence_topic=answers.mean_confidence("topic"),
        stability=stability,
    )
