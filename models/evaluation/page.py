"""Reports and comparisons as one HTML file each, pictures inside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from models.evaluation.comparison import Comparison, Difference
from models.evaluation.markup import Markup, figure, foreign, join, page, share, table, tag
from models.evaluation.pictures import confusion_picture, difference_picture, reliability_picture
from models.evaluation.report import TITLES, Part, Report, SetReport
from models.evaluation.resampling import LEVEL, RESAMPLES
from models.evaluation.wording import all_in_words, calibration_in_words, in_words, p_words, points

_INTERVALS = f"{LEVEL:.0%} percentile bootstrap, {RESAMPLES:,} resamples"
_MANY_CLASSES = 8


def report_page(report: Report) -> str:
    """The page of one model."""
    summary = table(
        ("set", "rows", "accuracy", "macro-F1", "calibration error", "before scaling"),
        (
            (
                _title(one.name),
                f"{one.figures.rows:,}",
                share(one.figures.accuracy, one.intervals.accuracy),
                share(one.figures.macro_f1, one.intervals.macro_f1),
                share(one.figures.ece, one.intervals.ece),
                share(one.before.ece),
            )
            for one in report.sets
        ),
    )
    return page(
        f"Evaluation of {report.model}",
        tag("h1", "Evaluation of ", report.model),
        summary,
        tag(
            "p",
            f"In brackets: {_INTERVALS}. Calibration error: mean distance of confidence and accuracy over 15 "
            "equal bins, as served and, before scaling, at temperature 1.",
            css="soft",
        ),
        _notices(report.notices),
        *(_set(one) for one in report.sets),
        *(
            join((tag("h2", f"All {task} rows by part"), _parts(parts)))
            for task, parts in report.parts.items()
            if parts
        ),
    )


def _set(one: SetReport) -> Markup:
    classes = table(
        ("class", "rows", "precision", "recall", "F1"),
        (
            (each.name, f"{each.rows:,}", share(each.precision), share(each.recall), share(each.f1))
            for each in one.figures.classes
            if each.name in one.judged
        ),
    )
    pictures = (
        figure(
            confusion_picture(one.confusion, one.names, f"{one.name}-confusion"),
            f"Confusion matrix of {_title(one.name)}: what rows are and what was said, shaded by share.",
            wide=len(one.judged) > _MANY_CLASSES,
        ),
        figure(
            reliability_picture(one.before, one.after, f"{one.name}-reliability"),
            f"Reliability of {_title(one.name)}: accuracy against confidence, and the rows of each bin.",
        ),
    )
    return join(
        (
            tag("h2", _title(one.name)),
            _asked_among(one),
            classes,
            Markup(f'<div class="pictures">{join(pictures)}</div>'),
            tag("h3", "Calibration"),
            tag("p", f"As served, temperature {one.temperature:g}: {calibration_in_words(one.after)}."),
            tag("p", f"At temperature 1: {calibration_in_words(one.before)}."),
            *((tag("h3", "Parts"), _parts(one.parts)) if one.parts else ()),
            *((tag("h3", "Surest mistakes"), _mistakes(one)) if one.mistakes else ()),
        )
    )


def _asked_among(one: SetReport) -> Markup:
    if len(one.judged) == len(one.names):
        return Markup()
    missing = [name for name in one.names if name not in one.judged]
    return tag(
        "p",
        f"The set has no class {', '.join(missing)}: the model is asked among {', '.join(one.judged)}.",
        css="soft",
    )


def _parts(parts: Iterable[Part]) -> Markup:
    return table(
        ("part", "rows", "accuracy", "macro-F1", "calibration error"),
        (
            (
                f"{part.by}: {_title(part.name)}",
                f"{part.figures.rows:,}",
                share(part.figures.accuracy, part.intervals.accuracy),
                share(part.figures.macro_f1, part.intervals.macro_f1),
                share(part.figures.ece, part.intervals.ece),
            )
            for part in parts
        ),
    )


def _mistakes(one: SetReport) -> Markup:
    return table(
        ("is", "said", "confidence", "text"),
        (
            (mistake.label, mistake.guess, f"{mistake.confidence:.2f}", foreign(mistake.example.text))
            for mistake in one.mistakes
        ),
        css="texts",
    )


def comparison_page(a: str, b: str, comparisons: Sequence[Comparison], notices: Sequence[str]) -> str:
    """The page that says whether B is better than A."""
    several = len(comparisons) > 1
    return page(
        f"{b} against {a}",
        tag("h1", b, " against ", a),
        tag("p", all_in_words(comparisons) + ".", css="verdict"),
        tag("p", "A: ", a, Markup("<br>"), "B: ", b),
        table(
            ("set", "rows", "only A right", "only B right", "accuracy", "macro-F1", "McNemar"),
            (
                (
                    _title(one.name),
                    f"{one.rows:,}",
                    f"{one.only_a:,}",
                    f"{one.only_b:,}",
                    _change(one.accuracy),
                    _change(one.macro_f1),
                    p_words(one.accuracy.adjusted),
                )
                for one in comparisons
            ),
        ),
        tag(
            "p",
            f"Differences B − A in points, in brackets: {_INTERVALS}, both models on the same rows. "
            "McNemar: exact, two-sided"
            + (
                ", sets adjusted for their number (Holm). Overall: rows pooled, resampled within their set; "
                "macro-F1 is the mean over the sets."
                if several
                else "."
            ),
            css="soft",
        ),
        figure(
            difference_picture(comparisons, "differences"),
            "How much better B is on each set, with intervals; right of the line it is better.",
        ),
        tag("h2", "In words"),
        tag("ul", *(tag("li", f"{_title(one.name)}: {in_words(one)}.") for one in comparisons)),
        _notices(notices),
    )


def _change(one: Difference) -> Markup:
    return Markup(f"{one.a:.3f} → {one.b:.3f} <small>{points(one)}</small>")


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _notices(notices: Sequence[str]) -> Markup:
    return tag("ul", *(tag("li", notice) for notice in notices), css="soft") if notices else Markup()
