"""Measure a model, or two against each other, on labelled rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from models.data import Example, Task
from models.errors import ModelError
from models.evaluation.answers import Answers, Model, Progress, answer
from models.evaluation.comparison import Comparison, compare
from models.evaluation.report import Report, SetReport, parts, set_report
from models.evaluation.rows import Rows


def evaluate(model: Model, rows: Rows, *, mistakes: int = 0, progress: Progress | None = None) -> Report:
    """Measure a model on every set, and on the Financial PhraseBank rows that all annotators agreed on.

    The report keeps the texts of so many mistakes a set, none by default. Raises ModelError that names the
    set when one has no rows or one class only.
    """
    reports: list[SetReport] = []
    by_task: dict[Task, list[Answers]] = defaultdict(list)
    for name, answers in _answers(model, rows, progress).items():
        by_task[answers.task].append(answers)
        reports.append(set_report(name, answers, mistakes=mistakes))
        agreed = [row for row, example in enumerate(answers.examples) if example.agreement == 100]
        if agreed:
            reports.append(set_report(f"{name}_all_agree", answers.select(agreed)))
    return Report(
        model=model.model,
        sets=tuple(reports),
        parts={task: parts(sets) for task, sets in by_task.items()},
        notices=rows.notices,
    )


def compare_models(
    a: Model, b: Model, rows: Rows, *, progress: Progress | None = None
) -> tuple[Comparison, ...]:
    """Ask whether B is better than A, set by set and overall; see `models.evaluation.comparison.compare`."""
    by_a, by_b = _answers(a, rows, progress), _answers(b, rows, progress)
    return compare({name: (by_a[name], by_b[name]) for name in rows.sets})


def _answers(model: Model, rows: Rows, progress: Progress | None) -> Mapping[str, Answers]:
    if not rows.sets:
        raise ModelError("there is nothing to measure on: name a file or a set with --data")
    return {name: _named(name, model, rows.topics, one, progress) for name, one in rows.sets.items()}


def _named(
    name: str, model: Model, topics: Sequence[str], examples: Sequence[Example], progress: Progress | None
) -> Answers:
    try:
        return answer(model, examples, progress, topics=topics)
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
