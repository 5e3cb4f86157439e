"""Reports and comparisons as JSON: plain values, shares rounded to six digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from models.evaluation.comparison import Comparison, Difference
from models.evaluation.report import Part, Report, SetReport
from models.evaluation.resampling import LEVEL, RESAMPLES
from models.evaluation.wording import all_in_words, in_words

Record = dict[str, Any]


def report_record(report: Report) -> Record:
    """A report for machines; `sets` by name, everything that the pages show and no picture."""
    return {
        "model": report.model,
        "interval": {"level": LEVEL, "resamples": RESAMPLES},
        "sets": {one.name: _set_record(one) for one in report.sets},
        "parts": {task: [_part_record(part) for part in parts] for task, parts in report.parts.items()},
        "notices": list(report.notices),
    }


def comparison_record(a: str, b: str, comparisons: Sequence[Comparison], notices: Sequence[str]) -> Record:
    """A comparison for machines; `verdict` is the last one's, overall where there are several sets."""
    return {
        "a": a,
        "b": b,
        "verdict": comparisons[-1].verdict,
        "in_words": all_in_words(comparisons),
        "interval": {"level": LEVEL, "resamples": RESAMPLES},
        "comparisons": [
            {
                "set": one.name,
                "rows": one.rows,
                "verdict": one.verdict,
                "in_words": in_words(one),
                "accuracy": _difference_record(one.accuracy),
                "macro_f1": _difference_record(one.macro_f1),
                "only_a_right": one.only_a,
                "only_b_right": one.only_b,
                "smallest_difference": _rounded(one.smallest),
            }
            for one in comparisons
        ],
        "notices": list(notices),
    }


def _set_record(one: SetReport) -> Record:
    calibrations = {"temperature_1": one.before, "as_served": one.after}
    record: Record = {
        "task": one.task,
        **_figures_record(one),
        "judged_classes": list(one.judged),
        "classes": [asdict(each) for each in one.figures.classes],
        "confusion": {"classes": list(one.names), "rows": one.confusion.tolist()},
        "calibration": {
            "temperature": one.temperature,
            **{when: asdict(calibration) for when, calibration in calibrations.items()},
        },
        "parts": [_part_record(part) for part in one.parts],
    }
    if one.mistakes:
        record["mistakes"] = [
            {
                "id": mistake.example.id,
                "text": mistake.example.text,
                "label": mistake.label,
                "guess": mistake.guess,
                "confidence": mistake.confidence,
            }
            for mistake in one.mistakes
        ]
    rounded: Record = _rounded(record)
    return rounded


def _part_record(part: Part) -> Record:
    record: Record = _rounded({"by": part.by, "name": part.name, **_figures_record(part)})
    return record


def _figures_record(one: SetReport | Part) -> Record:
    record: Record = {"rows": one.figures.rows}
    for name in ("accuracy", "macro_f1", "ece"):
        interval = getattr(one.intervals, name)
        record[name] = {"value": getattr(one.figures, name), "low": interval.low, "high": interval.high}
    return record


def _difference_record(one: Difference) -> Record:
    return {
        "a": _rounded(one.a),
        "b": _rounded(one.b),
        "difference": _rounded(one.value),
        "low": _rounded(one.interval.low),
        "high": _rounded(one.interval.high),
        # P-values keep their digits: rounding would make the small ones zero.
        "p_value": one.p_value,
        "adjusted_p_value": one.adjusted,
        "verdict": one.verdict,
    }


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 6)
        case dict():
            return {key: _rounded(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_rounded(inner) for inner in value]
    return value
