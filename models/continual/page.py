"""The report of a retraining as one HTML file."""

from __future__ import annotations

from models.continual.promotion import Check
from models.continual.retrain import Retrained
from models.evaluation.markup import page, table, tag
from models.evaluation.wording import in_words


def retraining_page(done: Retrained) -> str:
    """What was trained on, how old and new model compare, and why the new one was promoted or not."""
    report = done.report
    verdict = "may take the place of" if done.decision.promote else "does not take the place of"
    counts = report["corrections"]
    return page(
        f"{report['candidate']} after {report['current']}",
        tag("h1", report["candidate"], " after ", report["current"]),
        tag("p", f"The retrained model {verdict} the current one.", css="verdict"),
        *(
            [tag("ul", *(tag("li", reason) for reason in done.decision.reasons))]
            if done.decision.reasons
            else []
        ),
        tag("h2", "What was asked of it"),
        table(
            ("set", "metric", "rows", "current", "retrained", "lower bound", "may fall", "holds"),
            (_row(check) for check in done.decision.checks),
        ),
        tag(
            "p",
            "Protected sets hold when the lower bound of the change (95 % bootstrap, both models on "
            "the same rows) lies above what a metric may fall. On held-out corrections, which no training "
            "saw, the retrained model must not be worse.",
            css="soft",
        ),
        *([tag("h2", "In words")] if done.judged.comparisons else []),
        tag("ul", *(tag("li", f"{one.name}: {in_words(one)}.") for one in done.judged.comparisons)),
        tag("h2", "What it was trained on"),
        table(
            ("rows", "count"),
            (
                ("corrections learned", f"{counts['train']:,}"),
                ("corrections to choose the epoch by", f"{counts['dev']:,}"),
                ("corrections held out", f"{counts['held_out']:,}"),
                *((f"rehearsed of {name}", f"{count:,}") for name, count in report["rehearsal"].items()),
            ),
        ),
        tag("ul", *(tag("li", notice) for notice in report["notices"])),
    )


def _row(check: Check) -> tuple[str, ...]:
    change = check.change
    return (
        change.set,
        change.metric,
        f"{change.rows:,}",
        f"{change.current:.3f}",
        f"{change.candidate:.3f}",
        f"{change.low:+.3f}" if change.protected else "",
        f"{change.tolerance:g}" if change.protected else "not at all",
        "yes" if check.holds else "no",
    )
