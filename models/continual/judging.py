"""Measure a retrained model against the current one: on protected sets, and on held-out corrections."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.continual.promotion import TOLERANCE, Change
from models.data import Example, Task
from models.evaluation.answers import Model, Progress
from models.evaluation.comparison import Comparison
from models.evaluation.evaluate import compare_models
from models.evaluation.rows import Rows

KEPT_TOLERANCE = 0.1
"""Share of its own answers that a model may take back, where there are no labels to judge by."""
KEPT = "kept"
"""What sets are called that the current model labelled itself."""


@dataclass(frozen=True)
class Judged:
    """What both models were asked, and how they compare."""

    changes: tuple[Change, ...]
    comparisons: tuple[Comparison, ...]
    """On the protected sets, overall last where there are several."""


def judge(
    current: Model,
    candidate: Model,
    *,
    protected: Rows,
    kept: Sequence[Example] = (),
    held_out: Sequence[Example] = (),
    tolerance: float = TOLERANCE,
    progress: Progress | None = None,
) -> Judged:
    """Compare two models on the same rows.

    `protected` are labelled sets, judged by accuracy and macro-F1; `kept` are rows that the current model
    labelled itself, judged by how many of its answers stay; `held_out` are corrections.
    """
    own = {f"{KEPT}_{task}": tuple(rows) for task, rows in by_task(kept).items() if _classes(rows) > 1}
    sets = {**protected.sets, **own}
    comparisons = (
        compare_models(current, candidate, Rows(sets, protected.topics), progress=progress) if sets else ()
    )
    changes: list[Change] = []
    for one in comparisons:
        if one.name in own:
            changes.append(_change(one, "accuracy", KEPT_TOLERANCE))
        elif one.name in sets:
            changes += (_change(one, metric, tolerance) for metric in ("accuracy", "macro_f1"))
    for task, rows in by_task(held_out).items():
        before, after = (right(model, rows) for model in (current, candidate))
        changes.append(
            Change(
                set=f"held-out corrections of {task}",
                metric="accuracy",
                rows=len(rows),
                current=float(before.mean()),
                candidate=float(after.mean()),
                low=float("nan"),
                protected=False,
            )
        )
    return Judged(tuple(changes), comparisons)


def by_task(rows: Sequence[Example]) -> dict[Task, list[Example]]:
    """Rows of each head."""
    found: dict[Task, list[Example]] = defaultdict(list)
    for row in rows:
        found[row.task].append(row)
    return dict(found)


def right(model: Model, rows: Sequence[Example]) -> npt.NDArray[np.bool_]:
    """Whether a model says what the rows say, (n,); the rows are of one head and may be of one class."""
    tone, topic = model.logits([row.text for row in rows])
    said = (tone if rows[0].task == "tone" else topic).argmax(axis=1)
    return np.asarray(said == np.array([row.label for row in rows]))


def _classes(rows: Sequence[Example]) -> int:
    return len({row.label for row in rows})


def _change(one: Comparison, metric: str, tolerance: float) -> Change:
    difference = one.accuracy if metric == "accuracy" else one.macro_f1
    return Change(
        set=one.name,
        metric=metric,
        rows=one.rows,
        current=difference.a,
        candidate=difference.b,
        low=difference.interval.low,
        tolerance=tolerance,
    )
